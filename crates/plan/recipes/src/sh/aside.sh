# Only what this deploy made: where it came no further than mkdir, an empty directory.
if [ ! -e "$mine/release" ]; then
  rmdir "$path" 2>/dev/null || :
  exit 0
fi
link_target "$root/current"
[ "$target" != "$path" ] || stop "current still points at $path"
mkdir -p "$ours/failed"
if [ -d "$path" ]; then
  rm -rf "$ours/failed/$release"
  mv "$path" "$ours/failed/$release"
fi
# Only the newest failed release is kept.
for each in "$ours"/failed/*; do
  [ ! -e "$each" ] || [ "$each" = "$ours/failed/$release" ] || rm -rf "$each"
done
rm -f "$ours/releases/$release"
[ ! -d "$ours/failed/$release" ] || record failed
