# Lists the jobs of the directory d: key, wrapper, how it stands.

cd "$d" 2>/dev/null || exit 0
here=-
read -r here </proc/sys/kernel/random/boot_id
for q in *.claim; do
  { read -r pid since where f name <"$q"; } 2>/dev/null || continue
  [ "$pid" != - ] || { echo "$name 0 $f"; continue; }
  [ -e "$f.0.rc" ] || continue
  i=0 s=- more=
  while { read -r s _ _ _ _ more <"$f.$i.rc"; } 2>/dev/null && [ "$more" = more ]; do i=$((i+1)); done
  case $s in
    -* | '~'* | '')
      s=rebooted
      [ "$where" != "$here" ] || { s=lost; live "$pid" "$since" && s=running; }
      ;;
  esac
  echo "$name $pid $s"
done
