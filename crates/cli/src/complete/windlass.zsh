#compdef windlass
# Completes the words of windlass in zsh. Windlass itself is asked what may stand at the cursor.
_windlass() {
  local -a answer words_shown open_shown words_found open_found
  local program=${~words[1]} line word
  answer=("${(@f)$("$program" completions zsh -- "${(@Q)words[1,CURRENT]}" 2>/dev/null)}")
  case ${answer[1]} in
    ('') return 1 ;;
    (@files) _files; return ;;
    (@directories) _files -/; return ;;
  esac
  for line in "${answer[@]}"; do
    word=${line%%$'\t'*}
    # What ends with an equals sign goes on.
    if [[ $word == *= ]]; then
      open_found+=("$word")
      open_shown+=("$word")
    else
      words_found+=("$word")
      words_shown+=("${line/$'\t'/  -- }")
    fi
  done
  (( ${#words_found} )) && compadd -l -d words_shown -a words_found
  (( ${#open_found} )) && compadd -S '' -d open_shown -a open_found
  return 0
}
if [[ ${funcstack[1]} == _windlass ]]; then
  _windlass "$@"
else
  compdef _windlass windlass
fi
