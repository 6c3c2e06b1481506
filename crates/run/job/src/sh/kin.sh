# Finds and stops the processes of a command: process w_c that began at tick w_cs, with its own session and process group;
# w_mark is in the environment of all of them, w_user whose they are, w_me who looks.

w_has() { case " $w_kin " in *" $1 "*) ;; *) return 1 ;; esac; }
# w_kin: all of them, by group, by descent and by the mark in their environment; w_strays: those outside of the group.
w_find() {
  w_kin= w_strays= w_all= w_own=$w_c
  { read -r w_x <"/proc/$w_c/stat"; } 2>/dev/null && {
    set -- ${w_x##*) }
    # Another process has the number now, so that nobody is left in the group.
    [ "${20}" = "$w_cs" ] || w_own=none
  }
  for w_q in /proc/[0-9]*/stat; do
    { read -r w_x <"$w_q"; } 2>/dev/null || continue
    w_p=${w_q#/proc/} w_p=${w_p%/stat}
    set -- ${w_x##*) }
    [ "$1" != Z ] || continue
    w_all="$w_all $w_p:$2"
    if [ "$3" = "$w_own" ]; then w_kin="$w_kin $w_p"
    elif [ "$4" = "$w_own" ] || [ "$w_p" = "$w_own" ]; then w_kin="$w_kin $w_p" w_strays="$w_strays $w_p"
    fi
  done
  for w_q in $(grep -lF "WINDLASS_JOB=$w_mark" /proc/[0-9]*/environ 2>/dev/null); do
    w_p=${w_q#/proc/} w_p=${w_p%/environ}
    [ "$w_p" != "$w_me" ] && ! w_has "$w_p" && { tr '\0' '\n' <"$w_q" | grep -Fqx "WINDLASS_JOB=$w_mark"; } 2>/dev/null || continue
    { read -r w_x <"/proc/$w_p/stat"; } 2>/dev/null || continue
    set -- ${w_x##*) }
    [ "$1" = Z ] || w_kin="$w_kin $w_p" w_strays="$w_strays $w_p"
  done
  w_more=1
  while [ "$w_more" ]; do
    w_more=
    for w_x in $w_all; do
      w_p=${w_x%:*}
      w_has "$w_p" || ! w_has "${w_x#*:}" || w_kin="$w_kin $w_p" w_strays="$w_strays $w_p" w_more=1
    done
  done
}
w_strike() {
  # sudo may have made them another user's.
  for w_each in kill ${w_user:+"sudo -n -u $w_user kill"}; do
    [ "$w_own" = none ] || $w_each -s "$1" -- "-$w_c"
    for w_x in $w_strays; do $w_each -s "$1" "$w_x"; done
  done 2>/dev/null
}
