# What /proc tells: the time since the boot, and processes. A process is its number and the tick at which it began.

# w_now, in hundredths of a second.
w_up() { read -r w_now _ </proc/uptime; w_now=${w_now%.*}${w_now#*.}; }
# Whether a process is still the one that began at this tick.
w_alive() {
  { read -r w_x <"/proc/$1/stat"; } 2>/dev/null || return 1
  set -- "$2" ${w_x##*) }
  [ "$2" != Z ] && [ "${21}" = "$1" ]
}
