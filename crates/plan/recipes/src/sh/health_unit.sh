# A unit that keeps dying is active whenever it has just been started: what counts is that it was not started anew.
prepare() {
  active_as='' since=0
  [ -n "$system" ] || export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-/run/user/$(id -u)}"
}
systemctl_() { limited systemctl ${system:---user} "$@"; }
[ -z "$system" ] || system=--system
healthy() {
  load='' active='' sub='' restarts='' entered=''
  if ! systemctl_ show -p LoadState -p ActiveState -p SubState -p NRestarts -p ActiveEnterTimestampMonotonic \
    -- "$unit" >"$said_file" 2>&1; then
    said="systemctl: $(head -n 1 "$said_file")"
    active_as=
    return 1
  fi
  while IFS='=' read -r key value; do
    case $key in
      LoadState) load=$value;;
      ActiveState) active=$value;;
      SubState) sub=$value;;
      NRestarts) restarts=$value;;
      ActiveEnterTimestampMonotonic) entered=$value;;
    esac
  done <"$said_file"
  said="$active ($sub)"
  [ "$load" = loaded ] || said="$said, $load"
  [ -z "$restarts" ] || [ "$restarts" = 0 ] || said="$said, restarts: $restarts"
  [ "$active" = active ] || { active_as=; return 1; }
  now
  if [ "$active_as" != "at $entered $restarts" ]; then
    active_as="at $entered $restarts" since=$now
  fi
  [ $((now - since)) -ge "$stays" ] || { said="$said, not yet for long enough"; return 1; }
}
evidence() { systemctl_ status --no-pager --lines=5 -- "$unit" >"$text_file" 2>&1 || :; some "$text_file"; }
