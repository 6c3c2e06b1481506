# Less than 10 MB left. Names with blanks stand before the columns that are read here.
disk_is_full() {
  line=$(df -Pk "$ours" | tail -n 1)
  set -- ${line%%\%*}
  while [ "$#" -gt 2 ]; do shift; done
  [ "${1-}" -lt 10240 ] 2>/dev/null
}
