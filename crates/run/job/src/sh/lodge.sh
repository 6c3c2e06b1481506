# Finds the directory of jobs outside of any deploy, and makes it where that is wanted: below the home, or where the home
# cannot be written a private one below /tmp. w_dir names it.

w_lodge() {
  w_dir=${HOME:-/nonexistent}/.windlass/jobs
  [ -z "$1" ] || [ -d "$w_dir" ] || (umask 077; mkdir -p "$w_dir") 2>/dev/null
  [ -d "$w_dir" ] && [ -w "$w_dir" ] && [ -O "$w_dir" ] && return
  w_dir=/tmp/.windlass-$(id -u)
  [ -z "$1" ] || [ -d "$w_dir" ] || (umask 077; mkdir "$w_dir") 2>/dev/null
  # Somebody else may have been there first.
  [ -d "$w_dir" ] && [ -O "$w_dir" ] && [ ! -L "$w_dir" ] || w_dir=/nonexistent
}
