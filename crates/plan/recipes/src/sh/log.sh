log=$root/revisions.log
size=0
[ ! -f "$log" ] || size=$(wc -c <"$log")
# The length before, so that the line can be taken back exactly.
echo "$((size))" >"$mine/logged"
printf '%s\n' "$line" >>"$log"
