# The wrapper: claims the key, then runs the commands one after another and notes how each ended. It is a process of its
# own that nothing of a connection's end reaches.
#
# It is told: w_f, w_k (names of files), w_key, w_name (the key as a word), w_last (number of commands), w_its_boot, w_ours,
# w_root_id, w_fence (what must still be so), w_limit (bytes of a stream), w_grace (fifths of a second from TERM to KILL),
# w_mask, w_sup and w_born (who wants to hear of ends), w_detach (what makes a session), w_secrets, and for each command
# w_opt0, w_opt1, ... : hundredths of a second it may run and be silent, whether its failure stops the rest, whether there
# is a condition, the user it becomes; and the functions w_run0, w_when0, ... which become the commands.
#
# All names begin with w_: what is assigned to a variable that the login exports reaches every command.

w_sig= w_stopped= w_late=
trap 'w_sig=1' HUP INT TERM USR1
trap 'w_sig=1 w_stopped=1' USR2
trap 'w_sig=1 w_late=timeout' ALRM
trap 'w_sig=1 w_late=idle' VTALRM
{ read -r w_me _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ w_since _; } </proc/self/stat
w_here=-
read -r w_here </proc/sys/kernel/random/boot_id
# Lines are added whole and in an order that everyone sees: whose line is the first has the key.
echo "$w_me $w_since $w_here $w_f $w_name" >>"$w_k.claim"
w_a= w_b=
read -r w_a w_b _ <"$w_k.claim"
[ "$w_a $w_b" = "$w_me $w_since" ] || { rm -f "$w_f".*; exit; }
w_clear

w_knock() { w_alive "$w_sup" "$w_born" && kill -USR1 "$w_sup"; }
w_note_end() { printf '%-79s\n' "$1 $w_o $w_e $w_took $w_cutted $2" 1<>"$w_f.$w_i.rc"; w_knock; }
w_refuse() { w_o=0 w_e=0 w_took=0 w_cutted=0; w_note_end "$1" last; exit; }
w_i=0
[ "$w_its_boot" = - ] || [ "$w_its_boot" = "$w_here" ] || w_refuse rebooted
if [ "$w_ours" != - ]; then
  w_x=
  read -r w_x <"$w_ours/id"
  [ "$w_x" = "$w_root_id" ] || w_refuse other
  w_x=
  read -r w_x <"$w_ours/fence"
  [ "$w_x" = "$w_fence" ] || w_refuse fenced
fi

# The bases go into the same line, so that it always belongs together.
w_note_process() { printf '%-119s\n' "$w_c $w_cs $w_a $w_bo $w_be $w_user" 1<>"$w_f.$w_i.pid"; }
# Becomes a command, which notes itself first: so there is none that is not known, whatever happens to us.
w_become() {
  w_itself 2>/dev/null
  "$@"
}
w_itself() {
  read -r w_x </proc/self/stat || read -r w_x </proc/self/stat || return
  w_c=${w_x%% *}
  set -- ${w_x##*) }
  w_cs=${20}
  w_note_process
}
w_launch() {
  w_mark=$w_key/$w_i w_late= w_bo=0 w_be=0
  set -- "$1$w_i" "$w_mask" "$w_mark" "$PWD/$w_f.$w_i" $w_detach
  if [ "$w_user" ]; then "${1}_input" | w_become "$@" >>"$w_f.$w_i.out" 2>>"$w_f.$w_i.err" & w_c=$!
  else w_become "$@" </dev/null >>"$w_f.$w_i.out" 2>>"$w_f.$w_i.err" & w_c=$!
  fi
  w_x=
  read -r w_x <"/proc/$w_c/stat"
  set -- ${w_x##*) }
  # A command may be over, and the shell may have heard of it, before anybody looks.
  w_cs=${20:-0}
  [ -z "$w_x" ] || w_note_process
}
# Waits for the command itself; what it left in the background does not count.
w_await() {
  w_r=
  while :; do
    w_sig=
    wait "$w_c"
    w_x=$?
    # Its status was taken already, by a wait that a signal ended.
    [ $w_x = 127 ] && [ "$w_r" ] && return
    w_r=$w_x
    [ "$w_sig" ] || return
  done
}
# Stops the command and all that belongs to it; gives up on what does not go.
w_stop() {
  w_find
  [ "$w_kin" ] || return 0
  w_strike TERM
  w_strike CONT
  w_n=0
  while w_find && [ "$w_kin" ] && [ $w_n -lt $w_grace ]; do sleep 0.2; w_n=$((w_n+1)); done
  w_n=0
  while [ "$w_kin" ] && [ $w_n -lt 150 ]; do w_strike KILL; sleep 0.2; w_n=$((w_n+1)); w_find; done
}
# More than the limit is not kept: the group stands still while the file is emptied, and offsets go on. Those who read
# by the old base have a second to be done.
w_cut() {
  trap '' TERM
  kill -s STOP -- "-$w_c"
  w_was=$w_bo w_bo='~'
  w_note_process
  w_bo=$w_was
  sleep 1
  set -- $(wc -c "$w_f.$w_i.out" "$w_f.$w_i.err")
  [ "$1" -le $w_limit ] || { w_shorten out "$1"; w_bo=$((w_bo+w_gone)); }
  [ "$3" -le $w_limit ] || { w_shorten err "$3"; w_be=$((w_be+w_gone)); }
  w_note_process
  kill -s CONT -- "-$w_c"
  trap 'kill $w_s; exit' TERM
}
# Keeps the end of a stream of this size, since that is what tells why a command failed, and a line that says so in front.
# The bytes that are kept keep their offsets.
w_shorten() {
  w_x=$w_f.$w_i.$1 w_gone=$((w_limit/2))
  [ $w_gone -le 65536 ] || w_gone=65536
  tail -c $w_gone "$w_x" >"$w_x.end"
  true >"$w_x"
  { echo "[windlass: $(($2-w_gone)) bytes of output before this line are not kept any more]"; cat "$w_x.end"; } >>"$w_x"
  rm -f "$w_x.end"
  w_gone=$(($2-$(wc -c <"$w_x")))
}
# Guards a running command: its time, its silence, the size of its output.
w_watch() {
  w_s=
  trap 'kill $w_s; exit' TERM
  trap - HUP INT USR1 USR2 ALRM VTALRM
  w_changed=$w_a w_old=
  while :; do
    sleep 1 & w_s=$!
    wait $w_s
    w_alive "$w_c" "$w_cs" || exit
    w_up
    set -- $(wc -c "$w_f.$w_i.out" "$w_f.$w_i.err")
    [ "$1" -le $w_limit ] && [ "$3" -le $w_limit ] || w_cut
    [ "$1.$3" = "$w_old" ] || w_changed=$w_now w_old=$1.$3
    w_why=
    [ "$w_timeout" = 0 ] || [ $((w_now-w_a)) -lt "$w_timeout" ] || w_why=ALRM
    [ "$w_idle" = 0 ] || [ $((w_now-w_changed)) -lt "$w_idle" ] || w_why=VTALRM
    [ "$w_why" ] || continue
    trap '' TERM
    kill -s $w_why "$w_me"
    w_stop
    exit
  done
}
# Starts what stands in a file and waits for its end: w_r = its status, w_why = what stopped it.
w_attend() {
  w_launch "$1"
  w_watch & w_m=$!
  w_await
  w_why=$w_late
  kill $w_m
  # It sees to it that all are gone.
  [ -z "$w_late" ] || while kill -0 $w_m; do wait $w_m; done
  [ -z "$w_stopped" ] || w_why=cancelled
  [ "$w_r" != 0 ] || w_why=
}
# Final lengths. From here on nothing that is written counts.
w_measure() {
  printf '~' 1<>"$w_f.$w_i.rc"
  while read -r _ _ _ w_bo w_be _ <"$w_f.$w_i.pid" && [ "${w_bo#'~'}" != "$w_bo" ]; do sleep 0.1; done
  [ "$w_be" ] || w_bo=0 w_be=0
  w_o=0 w_e=0 w_cutted=0
  [ ! -s "$w_f.$w_i.out" ] && [ ! -s "$w_f.$w_i.err" ] || { set -- $(wc -c "$w_f.$w_i.out" "$w_f.$w_i.err"); w_o=$1 w_e=$3; }
  w_o=$((w_o+w_bo)) w_e=$((w_e+w_be))
  [ "$w_bo$w_be" = 00 ] || w_cutted=1
  w_up
  w_took=$((w_now-w_a))
}
{
  while :; do
    eval "set -- \$w_opt$w_i"
    w_timeout=$1 w_idle=$2 w_advisory=$3 w_asks=$4 w_user=$5
    w_up
    w_a=$w_now w_r=0 w_why=
    [ -z "$w_stopped" ] || w_refuse unbegun
    [ "$w_asks" = 0 ] || w_attend w_when
    case $w_r$w_why in
      0)
        [ -z "$w_stopped" ] || w_refuse unbegun
        w_attend w_run
        ;;
      12[67] | 12[89] | 1[3-9]? | 2??) echo "windlass: its \`when\` ended with status $w_r" >>"$w_f.$w_i.err" ;;
      *[!0-9]*) ;;
      *) w_r=skip ;;
    esac
    case $w_r in 0 | skip) ;; *) [ "$w_advisory" = 1 ] || [ "$w_why" ] || w_stop ;; esac
    w_measure
    w_go=more
    case ${w_why:-$w_r} in 0 | skip) ;; *) [ "$w_advisory" = 1 ] && [ "$w_why" != cancelled ] || w_go=last ;; esac
    [ $((w_i+1)) -lt $w_last ] || w_go=last
    w_note_end "${w_why:-$w_r}" $w_go
    [ $w_go = more ] || exit
    w_i=$((w_i+1))
  done
} 2>/dev/null
