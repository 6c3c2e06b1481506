# Asks until all is well or the time is over. What asks is the function healthy: it sets said to the answer on one line. What
# it needs lies in files whose names begin with $files. A controller may have no /proc.
now() {
  { read -r up idle </proc/uptime; } 2>/dev/null || up=$(date +%s).00
  up=${up%.*}${up#*.} up=${up#0} now=${up#0}
}
say() { printf '%s\n' "$*"; }
tried() {
  now
  count="$tries tries"
  [ "$tries" != 1 ] || count='1 try'
  echo "$count in $(((now - begun) / 100)) s"
}
# Some lines of a file, and no more of it than a screen holds.
some() { head -c 4000 "$1" | head -n 8; }
said_file=$files.said text_file=$files.text
(umask 077; : >"$said_file"; : >"$text_file")
clean() { rm -f "$said_file" "$text_file" "$files.sh"; }
prepare
[ -z "$start_delay" ] || sleep "$start_delay"
now
begun=$now tries=0 said='' told=''
until tries=$((tries + 1)); healthy; do
  [ "$said" = "$told" ] || say "$said"
  told=$said
  now
  if [ $((now + pause - begun)) -gt "$within" ]; then
    printf 'windlass: not healthy after %s; the last answer: %s\n' "$(tried)" "$said" >&2
    evidence >&2
    clean
    exit 1
  fi
  sleep "$interval"
done
say "healthy after $(tried): $said"
clean
