# The repository, asked by the host itself: never a prompt, and no byte to a forge whose key is not known.
ask_remote() {
  ssh='ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=20'
  keys=
  if [ -n "$host_keys" ]; then
    keys=$(mktemp "${TMPDIR:-/tmp}/windlass.XXXXXX") || return
    printf '%s\n' "$host_keys" >"$keys"
    ssh="$ssh -o 'UserKnownHostsFile=\"$keys\" ~/.ssh/known_hosts'"
  fi
  refs=$(
    exec 2>&1
    export GIT_TERMINAL_PROMPT=0 GIT_SSH_COMMAND="$ssh" GIT_HTTP_LOW_SPEED_LIMIT=1 GIT_HTTP_LOW_SPEED_TIME=30
    unset GIT_ASKPASS SSH_ASKPASS
    git ls-remote "$repository" "$reference" "refs/heads/$reference" "refs/tags/$reference" \
      "refs/tags/$reference^{}" </dev/null || exit
    git ls-remote --heads "$repository" </dev/null
  )
  status=$?
  [ -z "$keys" ] || rm -f "$keys"
  if [ "$status" = 0 ]; then say remote_refs "$refs"; else say remote_error "$refs"; fi
  say remote_reference "$reference"
}
if command -v git >/dev/null; then
  ask_remote
else
  say remote_error 'git is not installed on this host'
fi
