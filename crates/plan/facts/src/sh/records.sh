if [ -e "$root/repo/HEAD" ]; then
  say repository 1
  [ ! -e "$root/repo/shallow" ] || say repository_shallow 1
  if command -v git >/dev/null; then
    tips=$(git --git-dir="$root/repo" for-each-ref --sort=-creatordate --count=300 \
      --format='%(objectname) %(refname)' refs/heads refs/windlass 2>&1) &&
      say repository_tips "$tips" || say repository_error "$tips"
  fi
elif [ -d "$root/repo" ]; then
  if [ -e "$root/repo/.svn" ]; then say no_mirror svn
  elif [ -e "$root/repo/.hg" ]; then say no_mirror hg
  elif [ -n "$(ls -A "$root/repo" 2>/dev/null)" ]; then say no_mirror other
  fi
elif [ -e "$root/repo" ]; then say no_mirror other
fi
first_line "$ours/id" && say root_id "$line"
first_line "$ours/fence" && say fence "$line"
if slurp "$ours/lock"; then
  say lock "$text"
  rest=${text#*"${nl}deploy "}
  first_line "$ours/deploys/${rest%%"$nl"*}/lease" && up= && read -r up _ </proc/uptime && say lease "$boot ${up%.*} $line"
fi
for each in "$ours"/deploys/*; do
  [ -d "$each" ] || continue
  first_line "$each/fence" || line=0
  number=$line
  first_line "$each/decision" || line=
  say deploy "${each##*/} $number $line"
done
