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
# Where the job stands: i, the index of its command; s, the end of the job where that is noted.
stand() {
  i=0 s=- more=
  while { read -r s _ _ _ _ more <"$f.$i.rc"; } 2>/dev/null && [ "$more" = more ]; do i=$((i+1)); done
  # Read byte by byte, a line that is written meanwhile begins with the old byte.
  case $s in -* | '~'*) s= ;; esac
  c=- cs=- mark=$key/$i user=
  { read -r c cs _ _ _ user <"$f.$i.pid"; } 2>/dev/null
  case $c in -*) c=- cs=- user= ;; esac
}
answer() {
  case $1 in cancelled | unbegun) echo cancelled ;; *) echo "ended $1" ;; esac
  exit
}
n=0 struck= told=
while :; do
  stand
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
