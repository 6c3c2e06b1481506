# Only what this deploy made: where it came no further than mkdir, an empty directory.
if [ ! -e "$mine/release" ]; then
  rmdir "$path" 2>/dev/null || :
  exit 0
fi
link_target "$root/current"
[ "$target" != "$path" ] || stop "current still points at $path"
mkdir -p "$ours/failed"
[ ! -d "$path" ] || mv "$path" "$ours/failed/$release"
# Only the newest failed release is kept. What cannot be removed is no reason to leave anything not undone.
for each in "$ours"/failed/*; do
  [ ! -e "$each" ] || [ "$each" = "$ours/failed/$release" ] || remove "$each" ||
    say "$each could not be removed and stays"
done
rm -f "$ours/releases/$release"
if [ -d "$ours/failed/$release" ]; then
  if disk_is_full || ! record failed 2>/dev/null; then
    # What filled the disk is not kept: others need it too.
    remove "$ours/failed/$release" ||
      say "$ours/failed/$release could not be removed whole, although hardly any space is left"
    [ -e "$ours/failed/$release" ] ||
      say 'hardly any space is left, so the failed release was removed and not kept'
  fi
fi
