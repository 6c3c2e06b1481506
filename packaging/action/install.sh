#!/bin/bash
# Sees to it that there is a `windlass`: the one that is named, the one in PATH, or one built from this checkout. Says
# where it is in the file that GITHUB_OUTPUT names.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
if [[ -n ${BINARY:-} ]]; then
  program=$BINARY
elif command -v windlass >/dev/null; then
  program=$(command -v windlass)
else
  root=${RUNNER_TOOL_CACHE:-$HOME/.cache}/windlass
  program=$root/bin/windlass
  [[ -x $program ]] || cargo install --locked --path "$here/crates/cli" --root "$root"
fi
"$program" --version
if [[ -n ${GITHUB_OUTPUT:-} ]]; then printf 'windlass=%s\n' "$program" >>"$GITHUB_OUTPUT"; fi
