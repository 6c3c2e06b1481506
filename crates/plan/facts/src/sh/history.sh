# What lies between two commits, by the repository mirror. Nothing is fetched and nothing is written. Where git fails at any of
# it, the answer says so: half of an answer would read as "nothing changed".
mirror() { GIT_OPTIONAL_LOCKS=0 git --git-dir="$root/repo" -c log.showSignature=false "$@" 2>/dev/null </dev/null; }
has() { mirror cat-file -e "$1^{commit}"; }
commits() { mirror log --encoding=UTF-8 "$form" "--max-count=$most" "$1..$2" --; }
files() { mirror diff-tree -r -z --raw --numstat --no-renames ${subtree:+"--relative=$subtree/"} "$from" "$to" --; }
if [ -e "$root/repo/HEAD" ] && command -v git >/dev/null && has "$from" && has "$to"; then
  if counts=$(mirror rev-list --left-right --count "$from...$to" --) && comes=$(commits "$from" "$to") &&
    leaves=$(commits "$to" "$from") && files >/dev/null; then
    say counts "$counts"
    say comes "$comes"
    say leaves "$leaves"
    # A name may hold a line break, and a record no NUL.
    say files "$(files | tr '\n\0' '\001\n')"
    # Only where it is cut in between.
    [ ! -e "$root/repo/shallow" ] || ! mirror rev-list "$from...$to" -- | grep -qxFf "$root/repo/shallow" || say cut 1
  else
    say broken 1
  fi
fi
