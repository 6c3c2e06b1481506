#!/bin/bash
# Runs one command of Windlass in CI. Called by action.yml; everything comes in variables, so that no secret stands in an
# argument vector: SSH_KEY, KNOWN_HOSTS, STAGE, COMMAND, and WINDLASS for the program.
set -euo pipefail

folder=$(mktemp -d "${RUNNER_TEMP:-/tmp}/windlass.XXXXXXXX")
trap 'rm -rf "$folder"' EXIT

# What is not given is left to windlass.toml and ssh_config.
if [[ -n ${SSH_KEY:-} ]]; then
  (umask 077 && printf '%s\n' "$SSH_KEY" >"$folder/key")
  export WINDLASS_SSH_IDENTITIES="$folder/key"
fi
if [[ -n ${KNOWN_HOSTS:-} ]]; then
  printf '%s\n' "$KNOWN_HOSTS" >"$folder/known_hosts"
  export WINDLASS_SSH_KNOWN_HOSTS="$folder/known_hosts"
fi
unset SSH_KEY KNOWN_HOSTS

command=${COMMAND:-deploy}
case $command in
  deploy | plan | check | status) ;;
  *)
    printf 'windlass: command is deploy, plan, check or status, not %q\n' "$command" >&2
    exit 2
    ;;
esac
case ${STAGE:-} in
  -*)
    printf 'windlass: stage is a name, not %q\n' "$STAGE" >&2
    exit 2
    ;;
esac
stage=()
if [[ -n ${STAGE:-} ]]; then stage=("$STAGE"); fi

# The signal that cancels a CI job goes to this shell: it is handed on, and the exit code waited for.
child= waiting=1
trap 'waiting=1; [[ -z $child ]] || kill -TERM "$child" 2>/dev/null || true' TERM INT
"${WINDLASS:-windlass}" "$command" --yes "${stage[@]}" &
child=$!
while ((waiting)); do
  # A signal ends the waiting, not what is waited for.
  waiting=0 code=0
  wait "$child" || code=$?
done
exit "$code"
