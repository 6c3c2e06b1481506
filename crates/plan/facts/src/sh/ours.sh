ours=$root/.windlass
mine=$ours/deploys/$deploy
lock_is_ours() {
  [ -f "$ours/lock" ] || return 1
  while IFS= read -r line; do
    [ "$line" = "deploy $deploy" ] && return 0
  done <"$ours/lock"
  return 1
}
# A controller is there, or rests, as the host's own uptime says, in this boot: no clocks are compared.
note_lease() {
  read -r up _ </proc/uptime
  (umask 077; echo "$boot ${up%.*} $lease $2" >"$mine/lease-$1") && mv -f "$mine/lease-$1" "$mine/lease"
}
