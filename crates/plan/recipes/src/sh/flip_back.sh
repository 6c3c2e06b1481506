[ -e "$mine/flipped" ] || exit 0
link_target "$root/current"
# A link that somebody else has moved since is theirs.
if [ "$target" = "$path" ]; then
  if [ -L "$mine/previous" ]; then
    rm -rf "$tmp/$place"
    mkdir -p "$tmp/$place"
    cp -P "$mine/previous" "$tmp/$place/current"
    mv -f "$tmp/$place/current" "$root/"
  else
    rm -f "$root/current"
  fi
fi
[ -z "$new" ] || [ ! -d "$path" ] || record ready
