# Removes the records of jobs that are over from the directory w_dir: of the one whose names begin with w_k, or of all. The
# claims stay as tombstones, so that a request that comes late starts nothing. Outside of a deploy (w_old) nothing else
# ever removes them: there every sweep takes those of all keys that are a day old.

cd "$w_dir" 2>/dev/null || exit 0
w_here=-
read -r w_here </proc/sys/kernel/random/boot_id
for w_q in ${w_k:-*}.claim; do
  { read -r w_pid w_since w_where w_f _ <"$w_q"; } 2>/dev/null || continue
  w_k=${w_q%.claim}
  w_clear
  [ "$w_pid" != - ] || continue
  w_stand
  [ "$w_s" ] || [ "$w_where" != "$w_here" ] || ! w_goes_on || continue
  rm -f "$w_f".*
done
[ "$w_old" ] || exit 0
for w_q in $(find . -mtime +0); do
  w_q=${w_q#./}
  case $w_q in
    *.claim)
      { read -r w_pid _ _ w_f _ <"$w_q"; } 2>/dev/null || w_pid=-
      [ "$w_pid" != - ] && [ -e "$w_f.0.rc" ] || rm -f "$w_q"
      ;;
    *[,+]*.*.*.*)
      # Perhaps of a start that claimed nothing.
      w_f=${w_q##*[,+]}
      w_k=${w_q%"$w_f"}${w_f%%.*}
      [ -e "$w_k.claim" ] || w_clear
      ;;
  esac
done
