f=$1 k=$2 h=$3 boot=$4 root=$5 id=$6 fence=$7 limit=$8 grace=$9; shift 9; mask=$1 sup=$2
up() { read -r t _ </proc/uptime; t=${t%.*}${t#*.}; }
born() { read -r _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ s _ </proc/$$/stat; }
end() { printf "%-79s\n" "$*" 1<>"$f.$i.rc"; }
kin() { for q in /proc/[0-9]*; do [ "${q#/proc/}" != $$ ] || continue; { read -r y <$q/stat; } 2>/dev/null || continue; y=${y##*) }; set -- $y; [ "$1" != Z ] && [ "$3" = "$c" ] && echo "${q#/proc/}"; done; }
stop() { kill -TERM -$c; n=0; while [ $n -lt $((grace*5)) ] && [ "$(kin)" ]; do sleep 0.2; n=$((n+1)); done; kill -KILL -$c; }
IFS= read -r secrets
trap : HUP TERM INT USR1
born; i=0
real=-; read -r real </proc/sys/kernel/random/boot_id
echo "$$ $s $real $f" >"$f.claim" && ln "$f.claim" "$k.claim" || { rm -f "$f".*; exit 0; }
[ "$real" = "$boot" ] || [ "$boot" = - ] || { i=0; end rebooted; kill -USR1 $sup; exit 0; }
if [ "$root" != - ]; then have=; read -r have <"$root/id"; [ "$have" = "$id" ] || { end other; kill -USR1 $sup; exit 0; }
have=; read -r have <"$root/fence"; [ "$have" = "$fence" ] || { end fenced; kill -USR1 $sup; exit 0; }; fi
watch() { last=$a old=0 silent=0; while sleep 1; do kill -0 $c || exit 0
for e in out err; do z=$(wc -c <"$f.$i.$e"); b=0; { read -r b <"$f.$i.$e.base"; } 2>/dev/null
[ $z -le $limit ] || { kill -STOP -$c; z=$(wc -c <"$f.$i.$e"); echo "$((b+z))" >"$f.$i.$e.base"; : >"$f.$i.$e"; kill -CONT -$c; }; done
up; z=$(($(wc -c <"$f.$i.out")+$(wc -c <"$f.$i.err"))); [ $z = $old ] || { old=$z; last=$t; }
[ $timeout = 0 ] || [ $((t-a)) -lt $timeout ] || { echo timeout >"$f.$i.why"; stop; exit 0; }
[ $idle = 0 ] || [ $((t-last)) -lt $idle ] || { echo idle >"$f.$i.why"; stop; exit 0; }; done; }
launch() { printf "%s\n" "$secrets" | setsid sh -c "umask $mask; IFS= read -r w_secrets; . \"\$1\"" windlass-command "$PWD/$f.$i.$1" >>"$f.$i.out" 2>>"$f.$i.err" & c=$!; }
rest() { while :; do wait $c; r=$?; kill -0 $c || break; done; }
{
while [ $i -lt $h ]; do
read -r timeout idle advisory <"$f.$i.opt"; up; a=$t
[ -e "$k.stop" ] && { end cancelled; kill -USR1 $sup; exit 0; }
if [ -e "$f.$i.when" ]; then launch when; echo "$c $a" >"$f.$i.pid"; rest; [ $r = 0 ] || { end skip 0 0 0; kill -USR1 $sup; i=$((i+1)); continue; }; fi
launch run; echo "$c $a" >"$f.$i.pid"; watch & m=$!
rest; kill $m; wait $m
why=; read -r why <"$f.$i.why"; [ -e "$k.stop" ] && why=cancelled
o=$(wc -c <"$f.$i.out") e=$(wc -c <"$f.$i.err"); up
[ "$why" ] && r=$why; [ "$r" = 0 ] || [ "$advisory" = 0 ] || [ "$why" ] || r=adv$r
end "$r" $o $e $((t-a)); kill -USR1 $sup
case $r in 0|adv*) ;; *) exit 0;; esac
i=$((i+1))
done
} 2>/dev/null
