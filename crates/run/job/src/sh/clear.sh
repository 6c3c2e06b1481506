# Removes the files of starts of the key w_k that came to nothing: their starter is gone and w_f, which the claim names, is
# not theirs. A wrapper that has not claimed yet could still want them, so the key is claimed or all is old.

w_clear() {
  for w_file in "$w_k".[0-9]*.[0-9]*.*; do
    w_t=${w_file#"$w_k".}
    w_p=${w_t%%.*} w_t=${w_t#*.}
    w_t=${w_t%%.*}
    w_file=$w_k.$w_p.$w_t
    [ "$w_file" = "$w_f" ] || w_alive "$w_p" "$w_t" || rm -f "$w_file".*
  done
}
