# A try on the controller, in the directory of the project, where nothing is to be left.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 143' HUP INT TERM
files=$dir/answer
command -v curl >/dev/null || { echo 'windlass: curl is not installed on this machine, which asks' >&2; exit 1; }
fetch() { curl -q -sS -g --noproxy '*' -m "$limit" ${insecure:+-k} -D "$said_file" "$@"; }
