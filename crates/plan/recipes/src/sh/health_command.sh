prepare() { (umask 077; printf '%s\n' "$script" >"$files.sh"); }
healthy() {
  status=0
  with_script limited >"$text_file" 2>&1 || status=$?
  case $status in
    124 | 143) said="no end within $limit s";;
    *) said="exit status $status";;
  esac
  [ "$status" = 0 ]
}
evidence() { tail -n 8 "$text_file" | head -c 4000; }
