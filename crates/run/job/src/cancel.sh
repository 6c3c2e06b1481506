cd "$dir" 2>/dev/null || { echo absent; exit 0; }
real=-; read -r real </proc/sys/kernel/random/boot_id
echo "0 0 $real void" >"$base.$$.void" && ln "$base.$$.void" "$base.claim" 2>/dev/null && won=1
rm -f "$base.$$.void"
[ "$won" ] && { echo cancelled; exit 0; }
read -r pid start boot f <"$base.claim" || { echo absent; exit 0; }
[ "$f" = void ] && { echo cancelled; exit 0; }
ended() { rc=-; i=0; while [ -e "$f.$i.rc" ]; do read -r rc rest <"$f.$i.rc"; case $rc in 0|skip|adv*) i=$((i+1));; *) break;; esac; done; case $rc in -*) return 1;; esac; }
ended && { echo "ended $rc"; exit 0; }
[ "$boot" = "$real" ] || { echo "ended rebooted"; exit 0; }
true >"$base.stop"
group() { g=; { read -r g t <"$f.$i.pid"; } 2>/dev/null; }
kin() {
group
for q in /proc/[0-9]*; do
p=${q#/proc/}; [ "$p" = $$ ] && continue
{ read -r y <$q/stat; } 2>/dev/null || continue
y=${y##*) }; set -- $y
[ "$1" = Z ] && continue
[ "$3" = "$g" ] && { echo "$p"; continue; }
{ tr '\0' '\n' <$q/environ | grep -Fqx "WINDLASS_JOB=$key" && echo "$p"; } 2>/dev/null
done
}
strike() { for p in $(kin); do [ "$p" = "$pid" ] || kill -$1 "$p"; done 2>/dev/null; [ "$g" ] && kill -$1 -"$g" 2>/dev/null; return 0; }
n=0
strike TERM
while [ "$(kin)" ] && [ $n -lt $((grace*5)) ]; do sleep 0.2; n=$((n+1)); ended; group; done
n=0
while left=$(kin); [ "$left" ] && [ $n -lt 150 ]; do strike KILL; sleep 0.2; n=$((n+1)); done
[ "$left" ] && { echo stuck $left; exit 0; }
ended && [ "$rc" != cancelled ] && { echo "ended $rc"; exit 0; }
echo cancelled
