# Follows a job by its record: sends what its commands wrote from an offset on, says how it fares, and how it ended.
#
# A signal that comes while bash reads a file makes it read nothing, so nothing is concluded from one failure to read.

w_self() { { read -r _ _ _ w_parent _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ w_born _; } </proc/$$/stat; }
w_self
w_lives_by=$w_parent
w_boot=- w_page=
{ read -r w_boot </proc/sys/kernel/random/boot_id; } 2>/dev/null
# The first line of the claim is the claim.
w_claim() {
  w_pid=
  { read -r w_pid w_since w_where w_f _ <"$w_k.claim" || read -r w_pid w_since w_where w_f _ <"$w_k.claim" || w_pid=; } 2>/dev/null
  [ "$w_pid" ]
}
# Whether the end of the command is known. `~`: it is being noted. Some shells read byte by byte, and a line may be
# written anew between two of them: then the first byte is the old one, so it alone decides.
w_rc() {
  w_s=-
  { read -r w_s w_lo w_le w_took w_cut w_more <"$w_f.$w_i.rc"; } 2>/dev/null
  case $w_s in -* | '~'* | '') return 1 ;; esac
}
# The process of the command, since when it runs, and where the stored output begins (`~`: it is being cut).
w_group() {
  w_g='?' w_bo='~'
  { read -r w_g w_gs w_a w_bo w_be _ <"$w_f.$w_i.pid"; } 2>/dev/null
  case $w_g in
    -) w_bo=0 w_be=0 ;;
    -*) w_bo='~' ;;
  esac
  case $w_g in -* | '?') return 1 ;; esac
}
w_base() {
  w_group
  case $w_bo in '~'*) return 1 ;; esac
}
# Sends a stream: its name, descriptor, base and the offset to reach, from w_o or w_e on. It stops where the stream does not
# begin at that base any more: a reader may be slow, and what is read then would be other bytes.
w_pour() {
  eval "w_x=\$w_b$2 w_at=\$w_${1%??}"
  [ "$w_at" -ge "$3" ] || w_at=$3
  [ "$w_at" -lt "$4" ] || return 0
  [ "$w_x" = "$3" ] || {
    eval "w_b$2=$3; exec $2<\"\$w_f.\$w_i.$1\""
    [ "$w_at" = "$3" ] || dd bs=1 skip=$((w_at-$3)) count=0 <&$2 2>/dev/null || exit
  }
  w_told=$w_now w_heard=$w_now w_turn=7
  while [ "$w_at" -lt "$4" ]; do
    w_c=$(($4-w_at))
    [ $w_c -le 1048576 ] || w_c=1048576
    w_say "O $1 $w_at"
    w_base || return
    eval "w_x=\$w_b${1%??}"
    [ "$w_x" = "$3" ] || return
    # What became of its bytes is not known.
    dd bs=$w_c count=1 <&$2 2>/dev/null || exit
    w_at=$((w_at+w_c))
    eval "w_${1%??}=$w_at"
  done
}
# Sends what there is. Measured before the end began to be noted, all of it is output.
w_look() {
  w_base || return 0
  w_x=$w_bo.$w_be
  set -- $(wc -c "$w_f.$w_i.out" "$w_f.$w_i.err" 2>/dev/null)
  w_rc
  [ "${w_s#-}" != "$w_s" ] && w_base && [ "$w_x" = "$w_bo.$w_be" ] && [ "$3" ] || return 0
  w_up
  w_pour out 3 $w_bo $((w_bo+$1)) && w_pour err 4 $w_be $((w_be+$3))
}
# Sends what is left when the end is known; then nothing is cut any more.
w_finish() { w_base && w_pour out 3 $w_bo $w_lo && w_pour err 4 $w_be $w_le; }
# w_page: the bytes of a page, where that is known.
w_size() {
  w_x= w_q=
  while read -r w_x w_q _ && [ "$w_x" != KernelPageSize: ]; do :; done </proc/self/smaps
  [ -z "$w_q" ] || w_page=$((w_q*1024))
}
w_pulse() {
  [ "$w_page" ] || w_size 2>/dev/null
  w_cpu=0 w_mem=0
  for w_q in /proc/[0-9]*/stat; do
    { read -r w_x <"$w_q"; } 2>/dev/null || continue
    set -- ${w_x##*) }
    [ "$4" = "$w_g" ] || continue
    w_cpu=$((w_cpu+${12}+${13}+${14}+${15})) w_mem=$((w_mem+${22}))
  done
  w_say "P $w_i $w_g $((w_now-w_a)) $w_cpu $((w_mem*${w_page:-0})) $((w_now-w_heard))"
}
# Says that the command runs, once; then a pulse whenever nothing was sent for long enough.
w_tell() {
  [ "$w_begun" ] || { w_group && w_say "B $w_i $w_pid" && w_begun=1; }
  [ "$w_beat" != 0 ] || return 0
  w_up
  [ $((w_now-w_told)) -ge "$w_beat" ] || return 0
  [ "$w_begun" ] || w_a=$w_now w_g=0
  w_pulse
  w_told=$w_now
}
# Whether there is anything to wait for: not if twice in a row there was neither an end nor a process. A supervisor whose
# channel is gone ends here.
w_hope() {
  [ $w_turn -ge 3 ] || return 0
  w_self
  [ "$w_parent" = "$w_lives_by" ] || [ -z "$w_parent" ] || exit 0
  w_z=rebooted
  [ "$w_where" != "$w_boot" ] || {
    w_z=lost
    { w_alive "$w_pid" "$w_since" || { w_group && w_alive "$w_g" "$w_gs"; }; } && { w_doubt=; return 0; }
  }
  [ "$w_doubt" ] || { w_doubt=1 w_turn=3; return 0; }
  w_rc && return 0
  w_look
  w_say "X $w_z"
  return 1
}
# A pause that grows with silence and ends when the wrapper says that a command ended.
w_rest() {
  case $w_turn in
    [0-2]) w_q=0.02 ;;
    [3-6]) w_q=0.05 ;;
    [7-9]) w_q=0.1 ;;
    [1-5]?) w_q=0.25 ;;
    ??) w_q=0.5 ;;
    *) w_q=1 ;;
  esac
  w_turn=$((w_turn+1))
  sleep $w_q & w_p=$!
  [ "$w_hit" ] || wait $w_p
  w_x=$?
  [ -z "$w_hit" ] || { w_hit=; kill $w_p; wait $w_p; return 0; } 2>/dev/null
  # A sleep that knows no fractions.
  case $w_x in 1 | 2) sleep 1 ;; esac
}
w_command() {
  w_begun= w_doubt= w_b3= w_b4= w_turn=$w_patient
  w_up
  w_heard=$w_now w_told=$w_now
  while ! w_rc; do
    [ $w_turn = 0 ] || w_look
    w_tell
    w_hope || return 1
    w_rest
  done
  [ "$w_begun" ] || { w_group && [ "$w_s" != skip ] && w_say "B $w_i $w_pid"; }
  w_q=0
  until w_finish || [ $w_q = 9 ]; do w_q=$((w_q+1)); sleep 0.2; done
  w_say "E $w_i $w_s $w_lo $w_le $w_took $w_cut"
}
w_settle() {
  w_turn=0
  until w_claim; do
    [ "$w_w" ] || { w_say X absent; return 1; }
    kill -0 $w_w 2>/dev/null || {
      w_claim && break
      w_is_full && w_make_room || { w_fail; break; }
      w_start || return
    }
    w_rest
  done
  [ "$w_pid" != - ] || { w_say "X $w_f"; return 1; }
}
# Nonce, directory, base of names, number of commands, pulse in hundredths, index, offsets of both streams, may start.
w_follow() {
  w_n=$1 w_k=$3 w_last=$4 w_beat=$5 w_i=$6 w_o=$7 w_e=$8 w_w= w_patient=3
  cd "$2" 2>/dev/null && [ -O . ] || {
    cd "$w_home"
    [ "$9" = 0 ] && w_say X absent || w_say X noplace
    return
  }
  if w_claim || [ "$9" = 0 ] || w_start; then
    w_more=more
    w_settle
    w_x=$? w_secrets=
    [ $w_x != 0 ] || while [ "$w_more" = more ] && [ "$w_i" -lt "$w_last" ]; do
      w_command || break
      w_i=$((w_i+1)) w_o=0 w_e=0
    done
    w_say D
  fi
  # Or they would hold the space of files that are removed meanwhile.
  exec 3<&- 4<&-
  cd "$w_home"
}
