# The supervisor: one for each channel. It carries out requests, each a line of sh, until the channel ends. A line that
# was cut off by the end is not carried out.
#
# What it says is led by the request's nonce, which no command can know. Its variables begin with w_.
w_mask=$(umask)
umask 077
unset TMOUT CDPATH OLDPWD
w_nl=$(printf '\n_')
w_nl=${w_nl%_}
w_home=$PWD
w_hit=
w_struck=
trap 'w_hit=1 w_struck=1' USR1
# A signal that comes while the channel is full makes bash and busybox write nothing of a line, and fail. Such a short line
# is written whole or not at all, so it is said again as often as a signal came in between; where none did the channel is
# gone.
w_say() {
  until w_struck= && w_print "$@"; do
    [ "$w_struck" ] || exit
  done
}
w_print() { printf '%s%s\n' "$w_n" "$*"; }

# A question: nonce, seconds between signs of life (0 = none), script. Its output goes straight into the channel.
w_ask() {
  w_n=$1
  w_say b
  printf '%sb\n' "$1" >&2
  w_t=
  [ "$2" = 0 ] || { w_tick "$2" & w_t=$!; }
  (
    trap - USR1
    cd "$w_home"
    umask "$w_mask"
    eval "$3"
  ) </dev/null
  w_a=$?
  [ -z "$w_t" ] || { kill "$w_t"; wait "$w_t"; } 2>/dev/null
  printf '%sA\n' "$1" >&2
  w_say A $w_a
}
w_tick() {
  w_p=
  trap 'kill $w_p; exit' TERM
  while :; do
    sleep "$1" & w_p=$!
    wait $w_p
    w_say t
  done 2>/dev/null
}
