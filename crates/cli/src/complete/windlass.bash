# Completes the words of windlass in bash. Windlass itself is asked what may stand at the cursor.
_windlass() {
  local line=${COMP_LINE:0:COMP_POINT} program=${1/#\~/$HOME} answer current breaks done='' word help
  COMPREPLY=()
  answer=$("$program" completions bash -- "$line" 2>/dev/null) || return 0
  case $answer in
    '') return 0 ;;
    @files) compopt -o default 2>/dev/null; return 0 ;;
    @directories) compopt -o dirnames 2>/dev/null; return 0 ;;
  esac
  # Where colons and equals signs part words, bash wants only what follows the last of them.
  current=${line##*[[:space:]]}
  breaks=${COMP_WORDBREAKS//[^:=]/}
  [[ -n $breaks ]] && done=${current%"${current##*[$breaks]}"}
  while IFS=$'\t' read -r word help; do
    [[ $word == *= ]] && compopt -o nospace 2>/dev/null
    COMPREPLY+=("${word#"$done"}")
  done <<<"$answer"
}
complete -F _windlass windlass
