lock_is_ours || exit 0
mkdir -p "$mine" "$tmp" "$ours/failed"
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
