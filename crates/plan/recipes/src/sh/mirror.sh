remove_stale_locks
if [ ! -f "$repo/HEAD" ]; then
  is_free
  rm -rf "$tmp/repo"
  git init -q --bare "$tmp/repo"
  # As `git clone --mirror` leaves it, so that Capistrano finds a mirror of its own. Where the settings name no repository, it
  # brings the URL.
  git --git-dir="$tmp/repo" config remote.origin.fetch '+refs/*:refs/*'
  git --git-dir="$tmp/repo" config remote.origin.mirror true
  [ -z "$repository" ] || git --git-dir="$tmp/repo" config remote.origin.url "$repository"
  mv "$tmp/repo" "$repo"
fi
# Where the history that was sent is cut, git must know it, or it takes it for damaged: a cut is a commit of which a parent
# is not there.
mark_cuts() {
  for commit; do
    for parent in $(in_repo cat-file commit "$commit" | sed -n '/^$/q; s/^parent //p'); do
      in_repo cat-file -e "$parent" 2>/dev/null || { echo "$commit"; break; }
    done
  done | sort -u >"$tmp/shallow"
  if [ -s "$tmp/shallow" ]; then mv "$tmp/shallow" "$repo/shallow"
  else rm -f "$tmp/shallow" "$repo/shallow"
  fi
}
if [ -s "$pack" ]; then
  # Before the pack a line names the commits in it at which the sender's history is cut.
  {
    IFS= read -r cuts
    in_repo index-pack --stdin --fix-thin >/dev/null
  } <"$pack"
  [ ! -f "$repo/shallow" ] || cuts="$cuts $(cat "$repo/shallow")"
  [ -z "$cuts" ] || mark_cuts $cuts
  rm -f "$pack"
fi
complete || stop "the mirror lacks objects of $revision"
keep_commit
