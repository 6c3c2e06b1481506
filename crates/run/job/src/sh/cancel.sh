# Stops a job: w_dir (directory), w_k (base of its names), w_key, w_name (the key as a word), w_grace (fifths of a second
# from TERM to KILL). A key that nothing has claimed is claimed, so that it never starts anything.

cd "$w_dir" 2>/dev/null || { echo absent; exit; }
w_me=$$ w_pid=
{ read -r w_pid w_since w_where w_f _ <"$w_k.claim"; } 2>/dev/null || {
  echo "- - - cancelled $w_name" >>"$w_k.claim"
  read -r w_pid w_since w_where w_f _ <"$w_k.claim" || { echo failed; exit; }
}
[ "$w_pid" != - ] || { echo "$w_f"; exit; }
w_here=-
read -r w_here </proc/sys/kernel/random/boot_id
w_answer() {
  case $1 in cancelled | unbegun) echo cancelled ;; *) echo "ended $1" ;; esac
  exit
}
w_n=0 w_struck= w_told=
while :; do
  w_stand
  w_mark=$w_key/$w_i
  # What ended well may have left something running, and on purpose.
  case $w_s in 0 | skip) w_answer "$w_s" ;; esac
  [ "$w_where" = "$w_here" ] || w_answer "${w_s:-rebooted}"
  w_kin=
  [ "$w_c" = - ] || w_find
  if [ -z "$w_kin" ]; then
    [ -z "$w_s" ] || w_answer "$w_s"
    w_alive "$w_pid" "$w_since" || { w_stand; w_answer "${w_s:-lost}"; }
  fi
  [ "$w_told" ] || [ "$w_s" ] || { w_told=1; w_alive "$w_pid" "$w_since" && kill -s USR2 "$w_pid"; }
  if [ "$w_kin" ] && [ "$w_struck" != "$w_i" ]; then
    w_struck=$w_i
    w_strike TERM
    w_strike CONT
  elif [ $w_n -ge $w_grace ]; then
    [ $w_n -lt $((w_grace+150)) ] || { echo "stuck" $w_kin; exit; }
    [ -z "$w_kin" ] || w_strike KILL
  fi
  sleep 0.2
  w_n=$((w_n+1))
done
