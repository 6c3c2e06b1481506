# What lies between two commits, by the repository mirror. Nothing is fetched and nothing is written.
mirror() { GIT_OPTIONAL_LOCKS=0 git --git-dir="$root/repo" -c log.showSignature=false "$@" 2>/dev/null </dev/null; }
has() { mirror cat-file -e "$1^{commit}"; }
commits() { mirror log --encoding=UTF-8 "$form" "--max-count=$most" "$1..$2" --; }
if [ -e "$root/repo/HEAD" ] && command -v git >/dev/null && has "$from" && has "$to"; then
  say counts "$(mirror rev-list --left-right --count "$from...$to" --)"
  say comes "$(commits "$from" "$to")"
  say leaves "$(commits "$to" "$from")"
  # A name may hold a line break, and a record no NUL.
  say files "$(mirror diff-tree -r -z --raw --numstat --no-renames ${subtree:+"--relative=$subtree/"} "$from" "$to" -- |
    tr '\n\0' '\001\n')"
  [ ! -e "$root/repo/shallow" ] || say cut 1
fi
