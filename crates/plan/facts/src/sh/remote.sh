# The repository, asked by the host itself: never a prompt, and no byte to a forge whose key is not known.
ask_remote() (
  ssh='ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=20'
  keys=
  if [ -n "$host_keys" ]; then
    keys=$(mktemp "${TMPDIR:-/tmp}/windlass.XXXXXX") || return
    printf '%s\n' "$host_keys" >"$keys"
    ssh="$ssh -o 'UserKnownHostsFile=\"$keys\" ~/.ssh/known_hosts'"
  fi
  export GIT_TERMINAL_PROMPT=0 GIT_SSH_COMMAND="$ssh" GIT_HTTP_LOW_SPEED_LIMIT=1 GIT_HTTP_LOW_SPEED_TIME=30
  unset GIT_DIR GIT_WORK_TREE GIT_ASKPASS SSH_ASKPASS
  refs=$(
    exec 2>&1
    git ls-remote "$repository" "$reference" "refs/heads/$reference" "refs/tags/$reference" \
      "refs/tags/$reference^{}" </dev/null || exit
    git ls-remote --heads "$repository" </dev/null
  )
  status=$?
  if [ "$status" = 0 ] && is_id && has_commit; then refs="$refs$nl$reference	$reference"; fi
  [ -z "$keys" ] || rm -f "$keys"
  if [ "$status" = 0 ]; then say remote_refs "$refs"; else say remote_error "$refs"; fi
  say remote_reference "$reference"
)
is_id() {
  case $reference in *[!0-9a-f]*) return 1;; esac
  [ "${#reference}" = 40 ] || [ "${#reference}" = 64 ]
}
# What is listed are names. A commit that none of them stands for may be in the mirror here; else the repository is asked for
# it. Only its plain no counts: not every server gives a commit by its id, and the deploy's own fetch gets it by a branch.
has_commit() {
  case $nl$refs in *"$nl$reference	"*) return;; esac
  if git --git-dir="$root/repo" cat-file -e "$reference^{commit}" 2>/dev/null; then return; fi
  probe=$(mktemp -d "${TMPDIR:-/tmp}/windlass.XXXXXX") || return 0
  said=$(
    exec 2>&1 </dev/null
    git init -q --bare "$probe" &&
      git --git-dir="$probe" fetch -q --depth 1 --filter=tree:0 -- "$repository" "$reference"
  )
  rm -rf "$probe"
  case $said in *'not our ref'*) return 1;; esac
}
if command -v git >/dev/null; then
  ask_remote
else
  say remote_error 'git is not installed on this host'
fi
