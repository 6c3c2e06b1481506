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
# Less than 10 MB left. Names with blanks stand before the columns that are read here.
disk_is_full() {
  line=$(df -Pk "$ours" | tail -n 1)
  set -- ${line%%\%*}
  while [ "$#" -gt 2 ]; do shift; done
  [ "${1-}" -lt 10240 ] 2>/dev/null
}
if [ -d "$ours/failed/$release" ]; then
  if disk_is_full || ! record failed 2>/dev/null; then
    # What filled the disk is not kept: others need it too.
    rm -rf "$ours/failed/$release"
    say 'hardly any space is left, so the failed release was removed and not kept'
  fi
fi
