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
  # The cache outlives a job: what another revision of the sources built is not taken for this one's.
  key=$(cd "$here" && find Cargo.toml Cargo.lock crates -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
  root=${RUNNER_TOOL_CACHE:-$HOME/.cache}/windlass/${key:0:16}
  program=$root/bin/windlass
  [[ -x $program ]] || cargo install --locked --path "$here/crates/cli" --root "$root"
fi
"$program" --version
if [[ -n ${GITHUB_OUTPUT:-} ]]; then printf 'windlass=%s\n' "$program" >>"$GITHUB_OUTPUT"; fi
