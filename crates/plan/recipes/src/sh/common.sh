ours=$root/.windlass
mine=$ours/deploys/$deploy
tmp=$ours/tmp-$deploy
path=$root/releases/$release
say() { printf '%s\n' "$*"; }
stop() { printf 'windlass: %s\n' "$*" >&2; exit 1; }
# A directory without write permission keeps its files; the second try gives itself that permission.
remove() { rm -rf "$1" 2>/dev/null || { chmod -R u+rwX "$1" 2>/dev/null || :; rm -rf "$1"; }; }
# The state record of the release, replaced in one piece.
record() {
  (
    umask 077
    mkdir -p "$tmp" "$ours/releases" &&
      printf 'windlass-release 1\nstate %s\ndeploy %s\nrevision %s\nsince %s\n' \
        "$1" "$deploy" "$revision" "$(date +%s)" >"$tmp/record"
  ) && mv -f "$tmp/record" "$ours/releases/$release"
}
# Where a link points, verbatim; the x keeps newlines at its end.
link_target() {
  target=
  if [ -L "$1" ]; then target=$(readlink -n "$1" && echo x); target=${target%x}; fi
}
lock_is_ours() {
  [ -f "$ours/lock" ] || return 1
  while IFS= read -r line; do
    [ "$line" != "deploy $deploy" ] || return 0
  done <"$ours/lock"
  return 1
}
