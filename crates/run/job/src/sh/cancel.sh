# Stops a job: d (directory), k (base of its names), key, name, grace (fifths of a second from TERM to KILL). A key that
# nothing has claimed is claimed, so that it never starts anything.

cd "$d" 2>/dev/null || { echo absent; exit; }
me=$$ pid=
{ read -r pid since where f _ <"$k.claim"; } 2>/dev/null || {
  echo "- - - cancelled $name" >>"$k.claim"
  read -r pid since where f _ <"$k.claim" || { echo failed; exit; }
}
[ "$pid" != - ] || { echo "$f"; exit; }
here=-
read -r here </proc/sys/kernel/random/boot_id
answer() {
  case $1 in cancelled | unbegun) echo cancelled ;; *) echo "ended $1" ;; esac
  exit
}
n=0 struck= told=
while :; do
  stand
  mark=$key/$i
  # What ended well may have left something running, and on purpose.
  case $s in 0 | skip) answer "$s" ;; esac
  [ "$where" = "$here" ] || answer "${s:-rebooted}"
  kin=
  [ "$c" = - ] || look
  if [ -z "$kin" ]; then
    [ -z "$s" ] || answer "$s"
    live "$pid" "$since" || { stand; answer "${s:-lost}"; }
  fi
  [ "$told" ] || [ "$s" ] || { told=1; live "$pid" "$since" && kill -s USR2 "$pid"; }
  if [ "$kin" ] && [ "$struck" != "$i" ]; then
    struck=$i
    strike TERM
    strike CONT
  elif [ $n -ge $grace ]; then
    [ $n -lt $((grace+150)) ] || { echo "stuck" $kin; exit; }
    [ -z "$kin" ] || strike KILL
  fi
  sleep 0.2
  n=$((n+1))
done
