w_u=$(umask); umask 077; unset TMOUT 2>/dev/null
w_b=-; { read -r w_b </proc/sys/kernel/random/boot_id; } 2>/dev/null
w_s=; command -v setsid >/dev/null 2>&1 && w_s=setsid
w_parent() { read -r _ _ _ w_p _ </proc/$$/stat; }
w_parent; w_pp=$w_p
trap : USR1
w_say() { printf '%s%s\n' "$w_n" "$*"; }
w_up() { read -r w_t _ </proc/uptime; w_t=${w_t%.*}${w_t#*.}; }
w_find() { w_f=; w_cp=; { read -r w_cp w_cs w_cb w_f <"$w_k.claim"; } 2>/dev/null; }
w_alive() { w_x=; { read -r _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ w_x _ </proc/$w_cp/stat; } 2>/dev/null; [ "$w_x" = "$w_cs" ]; }
w_rc() { w_e=-; { read -r w_e w_r <"$w_f.$w_i.rc"; } 2>/dev/null || w_e=-; case $w_e in -*) return 1;; esac; }
w_over() {
w_rc && return 1
case $w_f in void) w_z=cancelled;; *) [ "$w_cb" = "$w_b" ] && { w_alive && return 1; w_rc && return 1; w_z=lost; } || w_z=rebooted;; esac
}
w_pulse() {
w_up; w_a=0 w_c=0 w_m=0 w_g=; { read -r w_g w_a <"$w_f.$w_i.pid"; } 2>/dev/null || return
for w_q in /proc/[0-9]*/stat; do { read -r w_y <"$w_q"; } 2>/dev/null || continue
w_y=${w_y##*) }; set -- $w_y; [ "$3" = "$w_g" ] || continue
w_c=$((w_c+${12}+${13}+${14}+${15})) w_m=$((w_m+${22})); done
w_say "P $w_i $w_g $((w_t-w_a)) $w_c $w_m $(($w_t-w_l))"
}
w_follow() {
printf '%sb\n' "$w_n" >&2
[ -d "$w_d" ] || { w_say X noplace; return; }
cd "$w_d" || { w_say X noplace; return; }
w_w=; w_find
[ "$w_f" ] || [ "$w_go" = 0 ] || { w_start || { w_say X "$w_v"; return; }; }
w_j=0
while [ -z "$w_f" ]; do w_find; [ "$w_f" ] && break
[ "$w_w" ] && kill -0 $w_w 2>/dev/null || { w_find; [ "$w_f" ] && break; w_say X absent; return; }
sleep 0.02 & wait $!; done
while [ $w_i -lt $w_h ]; do
[ "$w_f" = void ] && { w_say X cancelled; return; }
[ -r "$w_f.$w_i.out" ] && [ -r "$w_f.$w_i.err" ] || { w_say X damaged; return; }
exec 3<"$w_f.$w_i.out" 4<"$w_f.$w_i.err"
[ $w_o = 0 ] || dd bs=1 skip=$w_o count=0 <&3 2>/dev/null
[ $w_x2 = 0 ] || dd bs=1 skip=$w_x2 count=0 <&4 2>/dev/null
w_say "B $w_i $w_cp"; w_up; w_l=$w_t w_k2=$w_t w_so=0 w_done=
while :; do
w_z=; w_rc && w_done=1
[ "$w_done" ] || [ $w_j -lt 3 ] || { w_over && w_done=1; w_parent; [ "$w_p" = "$w_pp" ] || exit 0; }
w_bytes=$(($(wc -c <"$w_f.$w_i.out")+$(wc -c <"$w_f.$w_i.err")))
[ "$w_bytes" = "$w_so" ] || { w_up; w_l=$w_t w_k2=$w_t w_so=$w_bytes; cat <&3; cat <&4 >&2; }
[ "$w_done" ] && break
w_up; [ $w_g2 = 0 ] || [ $((w_t-w_k2)) -lt $w_g2 ] || { w_pulse; w_k2=$w_t; }
case $w_j in 0|1|2) w_q=0.02;; 3|4|5|6) w_q=0.05;; 7|8|9) w_q=0.1;; *) w_q=0.25;; esac
w_j=$((w_j+1)); sleep $w_q & wait $!
done
exec 3<&- 4<&-
printf '%se\n' "$w_n" >&2
[ "$w_z" ] && { w_say "X $w_z"; return; }
w_say "E $w_i $w_e $w_r"; w_i=$((w_i+1)) w_o=0 w_x2=0
case $w_e in 0|skip|adv*) ;; *) break;; esac
done
w_say D
}
