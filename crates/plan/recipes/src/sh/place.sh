digest() {
  d=$(sha256sum <"$1" 2>/dev/null || openssl dgst -sha256 -r <"$1" 2>/dev/null)
  d=${d%% *}
}
refuse() {
  rm -f "$sent" "$sent-new" "$sent-old"
  echo "$1" >&2
  exit 1
}
# Keeps the old file under a name that holds its digest. A copy that broke off has another digest, and is made again.
keep() {
  [ ! -f "$target.$kept" ] || digest "$target.$kept"
  [ ! -f "$target.$kept" ] || [ "$d" != "$seen" ] || return 0
  ln "$target" "$target.$kept" 2>/dev/null || { cp -p "$target" "$sent-old" && mv -f "$sent-old" "$target.$kept"; }
}
d=
[ ! -f "$target" ] || digest "$target"
# Done before, and the answer was lost; or another host shares the directory.
if [ "$d" = "$want" ]; then
  rm -f "$sent"
  exit 0
fi
[ ! -L "$target" ] || refuse "$target is a link, which is left as it is"
if [ -z "$seen" ]; then
  [ ! -e "$target" ] || refuse "$target was made meanwhile; it is left as it is"
  # A link never takes the place of something; not every file system has them.
  if ln "$sent" "$target" 2>/dev/null; then rm -f "$sent"
  else
    [ ! -e "$target" ] || refuse "$target was made meanwhile; it is left as it is"
    mv "$sent" "$target" || refuse "$target could not be made"
  fi
  exit 0
fi
[ "$d" = "$seen" ] || refuse "$target was changed meanwhile; it is left as it is"
# The new one has the mode of the old one, and can be written by its owner.
cp -p "$target" "$sent-new" && chmod u+w "$sent-new" && cat "$sent" >"$sent-new" || refuse "$sent-new could not be written"
keep || refuse "$target could not be kept as $target.$kept"
mv -f "$sent-new" "$target" || refuse "$target could not be replaced"
rm -f "$sent"
