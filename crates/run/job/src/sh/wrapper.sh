# The wrapper: claims the key, then runs the commands one after another and notes how each ended. It is a process of its
# own that nothing of a connection's end reaches.
#
# It is told: f, k (names of files), key, name (the key as a word), h (commands), boot, ours, id, fence (what must still
# be so), limit (bytes of a stream), grace (fifths of a second from TERM to KILL), mask, sup and born (who wants to hear
# of ends), detach (what makes a session), secrets, and for each command opt0, opt1, ... : hundredths of a second it may
# run and be silent, whether its failure stops the rest, whether there is a condition, the user it becomes; and the
# functions run0, when0, ... which become the commands.

sig= stopped= late=
trap 'sig=1' HUP INT TERM USR1
trap 'sig=1 stopped=1' USR2
trap 'sig=1 late=timeout' ALRM
trap 'sig=1 late=idle' VTALRM
{ read -r me _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ start _; } </proc/self/stat
here=-
read -r here </proc/sys/kernel/random/boot_id
# Lines are added whole and in an order that everyone sees: whose line is the first has the key.
echo "$me $start $here $f $name" >>"$k.claim"
a= b=
read -r a b _ <"$k.claim"
[ "$a $b" = "$me $start" ] || { rm -f "$f".*; exit; }

tell() { live "$sup" "$born" && kill -USR1 "$sup"; }
end() { printf '%-79s\n' "$1 $o $e $took $cutted $2" 1<>"$f.$i.rc"; tell; }
refuse() { o=0 e=0 took=0 cutted=0; end "$1" last; exit; }
i=0
[ "$boot" = - ] || [ "$boot" = "$here" ] || refuse rebooted
if [ "$ours" != - ]; then
  x=
  read -r x <"$ours/id"
  [ "$x" = "$id" ] || refuse other
  x=
  read -r x <"$ours/fence"
  [ "$x" = "$fence" ] || refuse fenced
fi

# The bases go into the same line, so that it always belongs together.
note_process() { printf '%-119s\n' "$c $cs $a $bo $be $user" 1<>"$f.$i.pid"; }
launch() {
  mark=$key/$i late=
  set -- "$1$i" "$mask" "$mark" "$PWD/$f.$i" $detach
  if [ "$user" ]; then "feed_$1" | "$@" >>"$f.$i.out" 2>>"$f.$i.err" & c=$!
  else "$@" </dev/null >>"$f.$i.out" 2>>"$f.$i.err" & c=$!
  fi
  x=
  read -r x <"/proc/$c/stat"
  set -- ${x##*) }
  # A command may be over, and the shell may have heard of it, before anybody looks.
  cs=${20:-0}
  bo=0 be=0
  note_process
}
# Waits for the command itself; what it left in the background does not count.
rest() {
  r=
  while :; do
    sig=
    wait "$c"
    x=$?
    # Its status was taken already, by a wait that a signal ended.
    [ $x = 127 ] && [ "$r" ] && return
    r=$x
    [ "$sig" ] || return
  done
}
# Stops the command and all that belongs to it; gives up on what does not go.
stop() {
  look
  [ "$kin" ] || return 0
  strike TERM
  strike CONT
  n=0
  while look && [ "$kin" ] && [ $n -lt $grace ]; do sleep 0.2; n=$((n+1)); done
  n=0
  while [ "$kin" ] && [ $n -lt 150 ]; do strike KILL; sleep 0.2; n=$((n+1)); look; done
}
# More than the limit is not kept: the group stands still while the file is emptied, and offsets go on. Those who read
# by the old base have a second to be done.
cut() {
  trap '' TERM
  kill -s STOP -- "-$c"
  was=$bo bo='~'
  note_process
  bo=$was
  sleep 1
  set -- $(wc -c "$f.$i.out" "$f.$i.err")
  [ "$1" -le $limit ] || { bo=$((bo+$1)); empty out "$1"; }
  [ "$3" -le $limit ] || { be=$((be+$3)); empty err "$3"; }
  note_process
  kill -s CONT -- "-$c"
  trap 'kill $s; exit' TERM
}
empty() {
  true >"$f.$i.$1"
  echo "[windlass: $2 bytes of output before this line are not kept any more]" >>"$f.$i.$1"
}
# Guards a running command: its time, its silence, the size of its output.
watch() {
  s=
  trap 'kill $s; exit' TERM
  trap - HUP INT USR1 USR2 ALRM VTALRM
  last=$a old=
  while :; do
    sleep 1 & s=$!
    wait $s
    live "$c" "$cs" || exit
    up
    set -- $(wc -c "$f.$i.out" "$f.$i.err")
    [ "$1" -le $limit ] && [ "$3" -le $limit ] || cut
    [ "$1.$3" = "$old" ] || last=$now old=$1.$3
    why=
    [ "$timeout" = 0 ] || [ $((now-a)) -lt "$timeout" ] || why=ALRM
    [ "$idle" = 0 ] || [ $((now-last)) -lt "$idle" ] || why=VTALRM
    [ "$why" ] || continue
    trap '' TERM
    kill -s $why "$me"
    stop
    exit
  done
}
# Starts what stands in a file and waits for its end: r = its status, why = what stopped it.
attend() {
  launch "$1"
  watch & m=$!
  rest
  why=$late
  kill $m
  # It sees to it that all are gone.
  [ -z "$late" ] || while kill -0 $m; do wait $m; done
  [ -z "$stopped" ] || why=cancelled
  [ "$r" != 0 ] || why=
}
# Final lengths. From here on nothing that is written counts.
measure() {
  printf '~' 1<>"$f.$i.rc"
  while read -r _ _ _ bo be _ <"$f.$i.pid" && [ "${bo#'~'}" != "$bo" ]; do sleep 0.1; done
  [ "$be" ] || bo=0 be=0
  o=0 e=0 cutted=0
  [ ! -s "$f.$i.out" ] && [ ! -s "$f.$i.err" ] || { set -- $(wc -c "$f.$i.out" "$f.$i.err"); o=$1 e=$3; }
  o=$((o+bo)) e=$((e+be))
  [ "$bo$be" = 00 ] || cutted=1
  up
  took=$((now-a))
}
{
  while :; do
    eval "set -- \$opt$i"
    timeout=$1 idle=$2 advisory=$3 asks=$4 user=$5
    up
    a=$now r=0 why=
    [ -z "$stopped" ] || refuse unbegun
    [ "$asks" = 0 ] || attend when
    case $r$why in
      0)
        [ -z "$stopped" ] || refuse unbegun
        attend run
        ;;
      12[67] | 12[89] | 1[3-9]? | 2??) echo "windlass: its \`when\` ended with status $r" >>"$f.$i.err" ;;
      *[!0-9]*) ;;
      *) r=skip ;;
    esac
    case $r in 0 | skip) ;; *) [ "$advisory" = 1 ] || [ "$why" ] || stop ;; esac
    measure
    go=more
    case ${why:-$r} in 0 | skip) ;; *) [ "$advisory" = 1 ] && [ "$why" != cancelled ] || go=last ;; esac
    [ $((i+1)) -lt $h ] || go=last
    end "${why:-$r}" $go
    [ $go = more ] || exit
    i=$((i+1))
  done
} 2>/dev/null
