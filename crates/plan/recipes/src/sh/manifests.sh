assets=$path/public/$prefix
before=$tmp/manifests
# The manifests of the compiled assets to the directory $to, under their names.
keep_one() {
  mkdir -p "$to/$(dirname "$1")"
  cp -p "$1" "$to/$1"
}
keep_like() {
  for file in $1; do [ ! -f "$file" ] || keep_one "$file"; done
}
keep_manifests() {
  mkdir -p "$to"
  [ -d "$assets" ] || return 0
  cd "$assets"
  each_pattern keep_like
  cd "$path"
}
# What the manifests were before this deploy; the first time counts.
keep_before() {
  [ ! -d "$before" ] || return 0
  rm -rf "$before.new"
  to=$before.new
  keep_manifests
  mv "$before.new" "$before"
}
# The manifests of the directory $1 over those in force, each in one piece; how many is in $put.
put_back() {
  put=0
  [ -d "$1" ] && [ -d "$assets" ] || return 0
  find "$1" -type f >"$tmp/manifests.list"
  while IFS= read -r file; do
    name=${file#"$1"/}
    cp -p "$file" "$tmp/manifest"
    mkdir -p "$assets/$(dirname "$name")"
    mv -f "$tmp/manifest" "$assets/$name"
    put=$((put + 1))
  done <"$tmp/manifests.list"
  rm -f "$tmp/manifests.list"
}
