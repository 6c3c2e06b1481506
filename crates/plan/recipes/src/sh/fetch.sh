remove_stale_locks
forge_keys
if [ ! -f "$repo/HEAD" ]; then
  is_free
  rm -rf "$tmp/repo"
  git clone -q --mirror ${depth:+--depth "$depth" --no-single-branch} -- "$repository" "$tmp/repo"
  mv "$tmp/repo" "$repo"
else
  in_repo config remote.origin.url "$repository"
  in_repo config --get-all remote.origin.fetch >/dev/null ||
    in_repo config remote.origin.fetch '+refs/*:refs/*'
  if ! complete; then
    if [ -n "$depth" ]; then
      # The name may have gone meanwhile; the commit is asked for by its id below.
      in_repo fetch -q --depth "$depth" origin "$name" || :
    else
      # Of what the mirror holds only this is pruned: our own refs are in no repository.
      in_repo fetch -q --prune origin '+refs/heads/*:refs/heads/*' '+refs/tags/*:refs/tags/*'
    fi
  fi
fi
# The branch has moved since the commit was pinned, or its history was cut too short.
complete || in_repo fetch -q ${depth:+--depth "$depth"} origin "$revision"
complete || stop "$repository did not give all objects of $revision"
keep_commit
