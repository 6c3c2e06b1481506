set +eu +f
export PATH LC_ALL=C
nl='
'
# Every record is a name, a blank, a value and a NUL, so that a value may hold anything.
say() { printf '%s %s\0' "$1" "$2"; }
# The first line of a file, without starting a process.
first_line() { line=; [ -f "$1" ] && [ -r "$1" ] && { IFS= read -r line <"$1" || [ -n "$line" ]; }; }
# A whole small file, likewise.
slurp() {
  text=
  [ -f "$1" ] && [ -r "$1" ] || return 1
  while IFS= read -r line || [ -n "$line" ]; do text=$text$line$nl; done <"$1"
}
# Where a link points, verbatim; the x keeps newlines at its end.
link_target() { target=$(readlink -n "$1" && echo x) && target=${target%x}; }
