# Finds and stops the processes of a command: process c that began at tick cs, with its own session and process group.

up() { read -r now _ </proc/uptime; now=${now%.*}${now#*.}; }
live() {
  { read -r x <"/proc/$1/stat"; } 2>/dev/null || return 1
  set -- "$2" ${x##*) }
  [ "$2" != Z ] && [ "${21}" = "$1" ]
}
has() { case " $kin " in *" $1 "*) ;; *) return 1 ;; esac; }
# kin: all of them, by group, by descent and by the mark in their environment; strays: those outside of the group.
look() {
  kin= strays= all= own=$c
  { read -r x <"/proc/$c/stat"; } 2>/dev/null && {
    set -- ${x##*) }
    # Another process has the number now, so that nobody is left in the group.
    [ "${20}" = "$cs" ] || own=none
  }
  for q in /proc/[0-9]*/stat; do
    { read -r x <"$q"; } 2>/dev/null || continue
    p=${q#/proc/} p=${p%/stat}
    set -- ${x##*) }
    [ "$1" != Z ] || continue
    all="$all $p:$2"
    if [ "$3" = "$own" ]; then kin="$kin $p"
    elif [ "$4" = "$own" ] || [ "$p" = "$own" ]; then kin="$kin $p" strays="$strays $p"
    fi
  done
  for q in $(grep -lF "WINDLASS_JOB=$mark" /proc/[0-9]*/environ 2>/dev/null); do
    p=${q#/proc/} p=${p%/environ}
    [ "$p" != "$me" ] && ! has "$p" && { tr '\0' '\n' <"$q" | grep -Fqx "WINDLASS_JOB=$mark"; } 2>/dev/null || continue
    { read -r x <"/proc/$p/stat"; } 2>/dev/null || continue
    set -- ${x##*) }
    [ "$1" = Z ] || kin="$kin $p" strays="$strays $p"
  done
  more=1
  while [ "$more" ]; do
    more=
    for x in $all; do
      p=${x%:*}
      has "$p" || ! has "${x#*:}" || kin="$kin $p" strays="$strays $p" more=1
    done
  done
}
strike() {
  # sudo may have made them another user's.
  for each in kill ${user:+"sudo -n -u $user kill"}; do
    [ "$own" = none ] || $each -s "$1" -- "-$c"
    for x in $strays; do $each -s "$1" "$x"; done
  done 2>/dev/null
}
