# The wrapper: detached, claims the key, then runs the commands one after another and notes how each ended.
#
# It is told: f, k (names of files), key, name (the key as a word), h (commands), boot, ours, id, fence (what must still be so), limit
# (bytes of a stream), grace (fifths of a second from TERM to KILL), mask, sup and born (who wants to hear of ends),
# detach (makes a session of its own), piped (secrets come on standard input), managed (they come through a named pipe).

secrets=
[ -z "$piped" ] || IFS= read -r secrets
[ -z "$managed" ] || [ ! -e "$f.pipe" ] || { IFS= read -r secrets <"$f.pipe"; rm -f "$f.pipe"; }
sig= stopped=
trap 'sig=1' HUP INT TERM USR1
trap 'sig=1 stopped=1' USR2
{ read -r _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ start _; } </proc/$$/stat
here=-
read -r here </proc/sys/kernel/random/boot_id
# Lines are added whole and in an order that everyone sees: whose line is the first has the key.
echo "$$ $start $here $f $name" >>"$k.claim"
a= b=
read -r a b _ <"$k.claim"
[ "$a $b" = "$$ $start" ] || { rm -f "$f".*; exit; }

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

launch() {
  set -- "$PWD/$f.$i.$1"
  if [ "$secrets" ]; then printf '%s\n' "$secrets" | $detach sh "$1" "$mask" "$key/$i" >>"$f.$i.out" 2>>"$f.$i.err" & c=$!
  else $detach sh "$1" "$mask" "$key/$i" </dev/null >>"$f.$i.out" 2>>"$f.$i.err" & c=$!
  fi
  mark=$key/$i x=
  read -r x <"/proc/$c/stat"
  set -- ${x##*) }
  cs=${20}
  printf '%-59s\n' "$c $cs $a" 1<>"$f.$i.pid"
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
  read -r bo be <"$f.$i.cut"
  printf '~ ' 1<>"$f.$i.cut"
  sleep 1
  set -- $(wc -c "$f.$i.out" "$f.$i.err")
  if [ "$1" -gt $limit ]; then
    true >"$f.$i.out"
    bo=$((bo+$1))
    echo "[windlass: $1 bytes of output before this line are not kept any more]" >>"$f.$i.out"
  fi
  if [ "$3" -gt $limit ]; then
    true >"$f.$i.err"
    be=$((be+$3))
    echo "[windlass: $3 bytes of output before this line are not kept any more]" >>"$f.$i.err"
  fi
  printf '%-59s\n' "$bo $be" 1<>"$f.$i.cut"
  kill -s CONT -- "-$c"
  trap 'kill $s; exit' TERM
}
# Guards a running command: its time, its silence, the size of its output.
watch() {
  s=
  trap 'kill $s; exit' TERM
  trap - HUP INT USR1 USR2
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
    [ "$timeout" = 0 ] || [ $((now-a)) -lt "$timeout" ] || why=timeout
    [ "$idle" = 0 ] || [ $((now-last)) -lt "$idle" ] || why=idle
    [ "$why" ] || continue
    trap '' TERM
    printf %s "$why" 1<>"$f.$i.why"
    stop
    exit
  done
}
# Starts what stands in a file and waits for its end: r = its status, why = what stopped it.
attend() {
  launch "$1"
  watch & m=$!
  rest
  why=
  read -r why <"$f.$i.why"
  if [ "$why" = - ]; then why=; kill $m
  else while kill -0 $m; do wait $m; done
  fi
  [ -z "$stopped" ] || why=cancelled
  [ "$r" != 0 ] || why=
}
# Final lengths. From here on nothing that is written counts.
measure() {
  printf '~' 1<>"$f.$i.rc"
  while read -r bo be <"$f.$i.cut" && [ "$bo" = '~' ]; do sleep 0.1; done
  o=0 e=0 cutted=0
  [ ! -s "$f.$i.out" ] && [ ! -s "$f.$i.err" ] || { set -- $(wc -c "$f.$i.out" "$f.$i.err"); o=$1 e=$3; }
  o=$((o+bo)) e=$((e+be))
  [ "$bo$be" = 00 ] || cutted=1
  up
  took=$((now-a))
}
{
  while :; do
    read -r timeout idle advisory user <"$f.$i.opt"
    up
    a=$now r=0 why=
    [ -z "$stopped" ] || refuse unbegun
    if [ -e "$f.$i.when" ]; then attend when; fi
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
