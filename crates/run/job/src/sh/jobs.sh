# Lists the jobs of the directory w_dir: key, wrapper, how it stands.

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
  echo "$w_name $w_pid $w_state"
done
