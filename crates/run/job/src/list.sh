cd "$dir" 2>/dev/null || exit 0
for c in *.claim; do
case $c in *.*.claim) continue;; esac
read -r pid start boot f <"$c" || continue
rc=-; i=0; while [ -e "$f.$i.rc" ]; do read -r rc rest <"$f.$i.rc"; case $rc in 0|skip|adv*) i=$((i+1));; *) break;; esac; done
echo "${c%.claim} $pid $start $boot $f $rc"
done
