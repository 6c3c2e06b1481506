lock_is_ours || exit 0
mkdir -p "$mine" "$tmp" "$ours/failed"
# From here on nothing that its controller may still ask for is started.
number=0
[ ! -f "$ours/fence" ] || read -r number <"$ours/fence"
echo "$((number + 1))" >"$tmp/fence"
mv -f "$tmp/fence" "$ours/fence"
[ ! -f "$mine/release" ] || read -r release <"$mine/release"
case $release in
  '' | *[!0-9]*) ;;
  *)
    path=$root/releases/$release
    link_target "$root/current"
    if [ "$target" = "$path" ]; then
      say "$release is published and stays"
    elif [ -d "$path" ]; then
      rm -rf "$ours/failed/$release"
      mv "$path" "$ours/failed/$release"
      record failed
      say "$release was not published; it was moved to $ours/failed/$release"
    fi;;
esac
