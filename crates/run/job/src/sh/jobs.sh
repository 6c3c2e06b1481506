# Lists the jobs of the directory w_dir: key, wrapper, how it stands; and of each of its commands attempt, step, status (`-`:
# not noted) and hundredths of a second.

w_commands() {
  w_i=0
  while IFS= read -r w_x; do
    w_s= w_took=
    read -r w_s _ _ w_took _ <"$w_f.$w_i.rc"
    case $w_s in -* | '~'* | '') w_s=- w_took=0 ;; esac
    printf ' %s:%s:%s' "$w_x" "$w_s" "$w_took"
    w_i=$((w_i+1))
  done <"$w_f.steps"
} 2>/dev/null

cd "$w_dir" 2>/dev/null || exit 0
w_here=-
read -r w_here </proc/sys/kernel/random/boot_id
for w_q in *.claim; do
  { read -r w_pid w_since w_where w_f w_name <"$w_q"; } 2>/dev/null || continue
  [ "$w_pid" != - ] || { echo "$w_name 0 $w_f"; continue; }
  [ -e "$w_f.0.rc" ] || continue
  w_stand
  if [ "$w_s" ]; then
    w_state=$w_s
  elif [ "$w_where" != "$w_here" ]; then
    w_state=rebooted
  elif w_goes_on; then
    w_state=running
  else
    # What ended just now has noted its end before.
    w_stand
    w_state=${w_s:-lost}
  fi
  # What ends meanwhile is told as still running, with the ends of its commands.
  echo "$w_name $w_pid $w_state$(w_commands)"
done
