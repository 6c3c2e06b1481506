remove_stale_locks
if [ ! -f "$repo/HEAD" ]; then
  is_free
  rm -rf "$tmp/repo"
  git init -q --bare "$tmp/repo"
  if [ -n "$repository" ]; then
    git --git-dir="$tmp/repo" remote add --mirror=fetch origin "$repository"
  fi
  mv "$tmp/repo" "$repo"
fi
if [ -s "$pack" ]; then
  in_repo index-pack --stdin --fix-thin <"$pack" >/dev/null
  rm -f "$pack"
fi
complete || stop "the mirror lacks objects of $revision"
keep_commit
