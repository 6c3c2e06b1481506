# A link that the repository itself brings stays as it is, as with Capistrano.
make_parent() { mkdir -p "${1%/*}"; }
link_file() {
  make_parent "$path/$1"
  [ ! -L "$path/$1" ] || return 0
  [ ! -d "$path/$1" ] || stop "$path/$1 is a directory in the repository, so it cannot be a linked file"
  rm -f "$path/$1"
  ln -s "$root/shared/$1" "$path/$1"
}
link_dir() {
  mkdir -p "$root/shared/$1"
  make_parent "$path/$1"
  [ ! -L "$path/$1" ] || return 0
  rm -rf "$path/$1"
  ln -s "$root/shared/$1" "$path/$1"
}
each_linked_file link_file
each_linked_dir link_dir
