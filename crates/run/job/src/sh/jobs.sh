# Lists the jobs of the directory d: key, wrapper, how it stands.

cd "$d" 2>/dev/null || exit 0
here=-
read -r here </proc/sys/kernel/random/boot_id
for q in *.claim; do
  { read -r pid since where f name <"$q"; } 2>/dev/null || continue
  [ "$pid" != - ] || { echo "$name 0 $f"; continue; }
  [ -e "$f.0.rc" ] || continue
  stand
  if [ "$s" ]; then
    state=$s
  elif [ "$where" != "$here" ]; then
    state=rebooted
  elif goes_on; then
    state=running
  else
    # What ended just now has noted its end before.
    stand
    state=${s:-lost}
  fi
  echo "$name $pid $state"
done
