# Removes the records of jobs that are over from the directory d: of the one whose names begin with k, or of all. The
# claims stay as tombstones, so that a request that comes late starts nothing; outside of a deploy they go after a day.

cd "$d" 2>/dev/null || exit 0
here=-
read -r here </proc/sys/kernel/random/boot_id
for q in ${k:-*}.claim; do
  { read -r pid since where f _ <"$q"; } 2>/dev/null || continue
  if [ "$pid" != - ]; then
    stand
    [ "$s" ] || [ "$where" != "$here" ] || ! goes_on || continue
    rm -f "$f".*
  fi
  [ -z "$old" ] || [ -z "$(find "$q" -mtime +0)" ] || rm -f "$q"
done
