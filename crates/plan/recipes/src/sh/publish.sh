[ -d "$path" ] || stop "$path is not there"
# Left by a Capistrano that broke off between making its link and moving it. The next Capistrano would publish what it
# points at in place of its own release.
[ ! -L "$root/releases/current" ] || rm -f "$root/releases/current"
link_target "$root/current"
if [ "$target" != "$path" ]; then
  [ -L "$root/current" ] || [ ! -e "$root/current" ] || stop "$root/current is not a link"
  # The old link itself is kept, so that it comes back byte for byte, whatever it holds.
  rm -f "$mine/previous"
  [ ! -L "$root/current" ] || cp -P "$root/current" "$mine/previous"
  mkdir -p "$tmp"
  # What was live is good, also where nothing but the link said so.
  [ -z "$taken_over" ] || (release=$taken_over revision=$its_revision; record good)
  rm -f "$tmp/current"
  ln -s "$path" "$tmp/current"
  [ -z "$new" ] || record live
  : >"$mine/flipped"
  # Moved into the directory, never onto a name: a link to a directory would be followed.
  mv -f "$tmp/current" "$root/"
fi
