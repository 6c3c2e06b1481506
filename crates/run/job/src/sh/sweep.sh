# Removes the records of jobs that are over from the directory w_dir: of the one whose names begin with w_k, or of
# all. The claims stay as tombstones, so that a request that comes late starts nothing; outside of a deploy (w_old) they go
# after a day.

cd "$w_dir" 2>/dev/null || exit 0
w_here=-
read -r w_here </proc/sys/kernel/random/boot_id
for w_q in ${w_k:-*}.claim; do
  { read -r w_pid w_since w_where w_f _ <"$w_q"; } 2>/dev/null || continue
  if [ "$w_pid" != - ]; then
    w_stand
    [ "$w_s" ] || [ "$w_where" != "$w_here" ] || ! w_goes_on || continue
    rm -f "$w_f".*
  fi
  [ -z "$w_old" ] || [ -z "$(find "$w_q" -mtime +0)" ] || rm -f "$w_q"
done
