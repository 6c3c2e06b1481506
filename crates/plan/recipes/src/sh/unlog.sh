log=$root/revisions.log
[ -f "$mine/logged" ] || exit 0
read -r size <"$mine/logged"
# Only where nothing was written after it.
if [ "$(tail -c "+$((size + 1))" "$log" 2>/dev/null; echo x)" = "$(printf '%s\nx' "$line")" ]; then
  if [ "$size" = 0 ]; then
    rm -f "$log"
  else
    truncate -s "$size" "$log"
  fi
fi
rm -f "$mine/logged"
