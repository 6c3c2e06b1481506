if [ -d "$root/current" ] && [ -L "$root/current" ]; then
  live=$(cd -P "$root/current" 2>/dev/null && pwd -P)
  all=$(cd -P "$root/releases" 2>/dev/null && pwd -P)
  [ -z "$all" ] || [ "${live%/*}" != "$all" ] || say live "${live##*/}"
  first_line "$root/current/REVISION" && say live_revision "$line"
fi
if [ -L "$root/releases/current" ]; then
  link_target "$root/releases/current" && say stale_link "$target"
fi
d='[0-9][0-9]'
for each in "$root"/releases/*; do
  [ -e "$each" ] || [ -L "$each" ] || continue
  name=${each##*/}
  case $name in
    $d$d$d$d$d$d$d)
      if [ -d "$each" ] && [ ! -L "$each" ]; then
        say release "$name"
        first_line "$each/REVISION" && say revision "$name $line"
        first_line "$each/REVISION_TIME" && say revision_time "$name $line"
        slurp "$ours/releases/$name" && say record "$name $text"
        continue
      fi;;
    current) [ ! -L "$each" ] || continue;;
  esac
  say stray "$name"
done
for each in "$ours"/failed/*; do
  [ -d "$each" ] && say failed "${each##*/}"
done
[ -f "$root/revisions.log" ] && say log "$(tail -n 500 "$root/revisions.log" 2>/dev/null)"
