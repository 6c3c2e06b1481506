# Starts a job: writes all its files, so that a full disk is seen before anything runs, then the detached wrapper.

# Writes a file: its kind, its lines.
w_put() {
  w_x=$1
  shift
  printf '%s\n' "$@" >"$w_f.$w_x"
}
# The files of a command that hold its record have their full size from the beginning.
w_room() {
  printf '%-79s\n' - >"$w_f.$1.rc" && printf '%-119s\n' - >"$w_f.$1.pid" && true >"$w_f.$1.out" && true >"$w_f.$1.err"
}
# Says that this key will never start anything.
w_void() {
  echo "- - - $1 $w_name" >>"$w_k.claim"
  w_claim
}
# Whether there was no room for the claim.
w_is_full() { [ -e "$w_k.claim" ] && [ ! -s "$w_k.claim" ]; }
# Gives up the room that is kept for those who may not fail for want of it; there is some once.
w_make_room() { [ "$w_reserve" ] && [ -e "$w_reserve" ] && rm -f "$w_reserve"; }
w_fail() {
  w_x=notstarted
  ! w_is_full || w_x=nospace
  { w_void $w_x || w_pid=- w_f=$w_x; } 2>/dev/null
  [ "$w_f" = "$w_made" ] || rm -f "$w_made".*
}
w_detach=
for w_x in setsid 'busybox setsid' 'perl -MPOSIX -ePOSIX::setsid();exec@ARGV'; do
  [ "$w_detach" ] || ! command -v "${w_x%% *}" >/dev/null || w_detach=$w_x
done
w_write() { w_files 2>/dev/null || { rm -f "$w_f".*; return 1; }; }
# The request has defined w_files, w_set (what the wrapper is told), w_key, w_name (the key as a word), w_secrets, w_reserve
# (a file that may go for want of room) and w_manager (the program that starts units of the user's manager, where leaving
# the connection is not enough).
w_start() {
  [ "$w_detach" ] || { w_say X nodetach; return 1; }
  w_patient=0 w_hit=
  w_f=$w_k.$$.$w_born
  w_made=$w_f
  w_write || { w_make_room && w_write; } || { w_say X nospace; return 1; }
  w_set="w_f=$w_f w_k=$w_k w_mask=$w_mask w_sup=$$ w_born=$w_born w_detach='$w_detach' w_name=$w_name $w_set"
  if [ "$w_manager" ]; then w_managed 2>/dev/null || { w_make_room && w_managed 2>/dev/null; } || { rm -f "$w_f".*; w_say X nospace; return 1; }
  else
    (
      eval "$w_set"
      w_wrap
    ) </dev/null >/dev/null 2>&1 3<&- 4<&- & w_w=$!
  fi
}
# Through the user's lingering manager: it has neither the login's environment nor our standard input, so both go by
# files. The named pipe for secrets stores nothing. The manager answers before the wrapper has claimed.
w_managed() {
  w_x=$PWD/$w_f.boot
  { export -p; printf '%s\n' 'rm -f "$1"; cd "${1%/*}"' "$w_set w_secrets=" '[ ! -p "$w_f.pipe" ] || { IFS= read -r w_secrets <"$w_f.pipe"; rm -f "$w_f.pipe"; }' "$w_wrapper"; } >"$w_x" || return
  [ -z "$w_secrets" ] || mkfifo "$w_f.pipe" || return
  [ -z "$w_secrets" ] || { printf '%s\n' "$w_secrets" >"$w_f.pipe" & }
  {
    XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/run/user/$(id -u)} "$w_manager" --user --quiet --collect \
      -p KillMode=process -- sh -c '. "$1"' windlass-job "$w_x" </dev/null && w_turn=0 &&
      until w_claim || [ $w_turn = 100 ]; do sleep 0.2; w_turn=$((w_turn+1)); done
    # Nobody will read it any more: who still waits for a reader finds that it left.
    [ ! -p "$w_made.pipe" ] || true <>"$w_made.pipe"
    rm -f "$w_made.pipe"
  } >/dev/null 2>&1 & w_w=$!
}
