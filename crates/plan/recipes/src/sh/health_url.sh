# The first status line that is an answer counts: a wget that cannot help following a redirect tells of it first.
prepare() { :; }
hit() { [ "$code" -lt "${1%-*}" ] || [ "$code" -gt "${1#*-}" ] || hit=1; }
cr=$(printf '\r')
healthy() {
  : >"$said_file"
  with_url fetch 2>>"$said_file" | head -c 1048576 >"$text_file" || :
  said=
  while IFS= read -r line || [ -n "$line" ]; do
    line=${line%"$cr"}
    case $line in
      *HTTP/[0-9]*' '[2-5][0-9][0-9]*) said=${line#*HTTP/}; said=${said#* }; break;;
      ?*) said=${said:-$line};;
    esac
  done <"$said_file"
  code=${said%%[!0-9]*}
  if [ "${#code}" != 3 ]; then
    said="no answer${said:+: $said}"
    return 1
  fi
  hit=
  each_status hit
  [ -n "$hit" ] || return 1
  [ -z "$body" ] || grep -qF -e "$body" "$text_file" || { said="$said, without $body in the body"; return 1; }
}
evidence() { some "$text_file"; }
