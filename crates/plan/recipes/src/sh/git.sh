repo=$root/repo
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_ASKPASS SSH_ASKPASS
export GIT_TERMINAL_PROMPT=0 GIT_HTTP_LOW_SPEED_LIMIT=1 GIT_HTTP_LOW_SPEED_TIME=60
known=
# After a failure, which may be that of a full disk, there must be room for the undo. What was sent stays where there is
# room, for another attempt.
leave() {
  status=$?
  [ -z "$known" ] || rm -rf "$known"
  [ "$status" = 0 ] || rm -f "$mine/reserve"
  [ "$status" = 0 ] || ! disk_is_full || rm -f "$tmp/push.pack"
  exit "$status"
}
trap leave EXIT
in_repo() { git --git-dir="$repo" "$@"; }
# The forge's host key must be known: from the settings, or to the host itself. Neither sh nor ssh parses the path, so one
# with their own marks in it is not used.
forge_keys() {
  ssh='ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=30 -o ServerAliveInterval=15'
  if [ -n "$host_keys" ]; then
    keys=$tmp
    case $keys in *[\'\"\\%]*) known=$(mktemp -d); keys=$known;; esac
    printf '%s\n' "$host_keys" >"$keys/known_hosts"
    ssh="$ssh -o 'UserKnownHostsFile=\"$keys/known_hosts\" ~/.ssh/known_hosts'"
  fi
  export GIT_SSH_COMMAND="$ssh"
}
# Whether the commit is there with all that it needs.
complete() {
  in_repo cat-file -e "$revision^{commit}" 2>/dev/null &&
    in_repo rev-list --objects "$revision" --not --all >/dev/null 2>&1
}
# Left by a git that was killed. Nobody else works here: the deploy lock is ours.
remove_stale_locks() {
  [ ! -d "$repo" ] || find "$repo" -path "$repo/objects/??" -prune -o -name '*.lock' -type f -exec rm -f {} +
}
is_free() {
  [ ! -e "$repo" ] || rmdir "$repo" 2>/dev/null || stop "$repo is there but is not a repository"
}
keep_commit() { in_repo update-ref "refs/windlass/$release" "$revision"; }
