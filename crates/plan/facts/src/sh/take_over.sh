# Becomes the owner of the deploy: from here on nothing that another controller may still ask for is started.
say facts 1
umask 077
is_held() {
  first_line "$mine/lease" || return 1
  read -r up _ </proc/uptime
  set -- $line
  [ "$4" = held ] && [ "$1" = "$boot" ] && [ "$((${up%.*} - $2))" -lt "$3" ]
}
# Of several that take over at once each has a number of its own.
next_number() {
  first_line "$ours/fence" || line=0
  case $line in '' | *[!0-9]*) echo "$ours/fence does not hold a number" >&2; exit 1;; esac
  number=$((line + 1))
  until (set -C; : >"$mine/owner-$number") 2>/dev/null; do
    [ -e "$mine/owner-$number" ] || { echo "$mine cannot be written to" >&2; exit 1; }
    number=$((number + 1))
  done
}
swap() { printf '%s' "$2" >"$mine/new-$number" && mv -f "$mine/new-$number" "$1"; }
take_over() {
  if ! lock_is_ours || [ ! -d "$mine" ] || [ -e "$mine/decision" ]; then say taken gone; return; fi
  boot=
  first_line /proc/sys/kernel/random/boot_id && boot=$line
  if [ -n "$patient" ] && is_held; then say taken held; return; fi
  next_number
  swap "$ours/fence" "$number$nl" && swap "$mine/fence" "$number$nl" && swap "$ours/lock" "$lock" &&
    note_lease "$number" held || exit
  # Ended meanwhile, it has freed a lock that is there again.
  if [ -e "$mine/decision" ]; then rm -f "$ours/lock"; say taken gone; return; fi
  say taken "$number"
}
take_over
say end 1
