trash=$ours/trash
mkdir -p "$trash"
# Out of sight first, by a rename: a removal that is cut off leaves no half of a release among the releases.
discard() {
  [ -e "$1" ] || return 0
  rm -rf "$trash/$2"
  mv -f "$1" "$trash/$2"
}
is_live() { [ "$(cd -P "$root/current" && pwd -P)" = "$(cd -P "$1" && pwd -P)" ]; }
remove_release() {
  [ -d "$root/releases/$1" ] || return 0
  if is_live "$root/releases/$1"; then say "$1 is live and stays"; return 0; fi
  discard "$root/releases/$1" "release-$1"
  rm -f "$ours/releases/$1"
}
remove_failed() {
  discard "$ours/failed/$1" "failed-$1"
  rm -f "$ours/releases/$1"
}
# Capistrano removes releases without knowing our records of them.
remove_stray_records() {
  for each in "$ours"/releases/*; do
    [ -d "$root/releases/${each##*/}" ] || [ -d "$ours/failed/${each##*/}" ] || rm -f "$each"
  done
}
forget_ref() { in_repo update-ref -d "refs/windlass/$1"; }
each_victim remove_release
each_failed remove_failed
remove_stray_records
[ ! -f "$repo/HEAD" ] || {
  each_ref forget_ref
  in_repo -c gc.autoDetach=false gc --auto --quiet
}
for each in "$trash"/*; do
  [ ! -e "$each" ] || remove "$each"
done
