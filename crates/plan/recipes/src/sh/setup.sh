set -e
mkdir -p "$root/releases" "$root/shared"
make_dir() { mkdir -p "$root/shared/$1"; }
make_parent() {
  file=$root/shared/$1
  mkdir -p "${file%/*}"
}
each_linked_dir make_dir
each_linked_file make_parent
