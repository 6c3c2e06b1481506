# What an attempt before this one made and could not finish is made anew.
if [ -e "$mine/release" ]; then
  remove "$path"
  rm -f "$mine/release"
fi
# Without -p: a directory that is there already is somebody else's.
mkdir "$path"
echo "$release" >"$mine/release"
record building

# Unpacks a tree of a repository; the failure of git is noticed although it stands left of a pipe.
unpack() {
  into=$1
  shift
  rm -f "$tmp/archive-failed"
  { "$@" || echo "$?" >"$tmp/archive-failed"; } | tar -x -f - -C "$into"
  [ ! -e "$tmp/archive-failed" ] || stop 'git archive failed'
}
lfs() {
  git -c filter.lfs.smudge='git-lfs smudge -- %f' -c filter.lfs.process='git-lfs filter-process' \
    -c filter.lfs.required=true "$@"
}
make_tree() {
  program=git
  [ -z "$git_lfs" ] || { program=lfs; forge_keys; }
  if [ -n "$subtree" ]; then
    unpack "$tree" "$program" --git-dir="$repo" archive --format=tar "$revision" -- "$subtree"
  else
    unpack "$tree" "$program" --git-dir="$repo" archive --format=tar "$revision"
  fi
}
# Submodules come from their own repositories, each at the commit that the tree names.
add_submodules() {
  forge_keys
  work=$tmp/work
  rm -rf "$work" "$tmp/lfs"
  git clone -q --shared --no-checkout -- "$repo" "$work"
  [ -z "$repository" ] || git -C "$work" remote set-url origin "$repository"
  git -C "$work" read-tree "$revision"
  git -C "$work" checkout-index -q -- .gitmodules
  git -C "$work" submodule --quiet update --init --recursive ${depth:+--depth "$depth"}
  WINDLASS_INTO=$tree WINDLASS_TAR=$tmp/submodule.tar WINDLASS_ONLY=$subtree WINDLASS_LFS=$tmp/lfs \
    git -C "$work" submodule --quiet foreach --recursive '
      case $displaypath/ in "$WINDLASS_ONLY"/*) ;; *) [ -z "$WINDLASS_ONLY" ] || exit 0;; esac
      git archive --format=tar -o "$WINDLASS_TAR" HEAD
      mkdir -p "$WINDLASS_INTO/$displaypath"
      tar -x -f "$WINDLASS_TAR" -C "$WINDLASS_INTO/$displaypath"
      rm -f "$WINDLASS_TAR"
      ! git grep -q filter=lfs HEAD -- ":(glob)**/.gitattributes" || : >"$WINDLASS_LFS"'
  rm -rf "$work"
}
has_submodules() { in_repo cat-file -e "$revision:.gitmodules" 2>/dev/null; }
# A file that only stands for one in Git LFS would be deployed as three lines of text.
refuse_pointers() {
  [ -e "$tmp/lfs" ] || in_repo grep -q filter=lfs "$revision" -- ':(glob)**/.gitattributes' || return 0
  pointer=$(find "$1" -type f -size -3 \
    -exec grep -l '^version https://git-lfs.github.com/spec/v1' {} + | head -n 1)
  pointer=${pointer#"$1"/}
  [ -z "$pointer" ] || [ -n "$git_lfs" ] ||
    stop "$pointer is a pointer to Git LFS; set git_lfs = true and install git-lfs on the host"
  [ -z "$pointer" ] ||
    stop "$pointer is a pointer to Git LFS, which is not fetched for submodules"
}

if [ -n "$subtree" ]; then
  [ "$(in_repo cat-file -t "$revision:$subtree" 2>/dev/null)" = tree ] ||
    stop "$revision has no directory $subtree"
  # Made inside the release, so that modes and groups are those of a release that is made of the whole.
  tree=$path/.windlass-tree
  mkdir "$tree"
else
  tree=$path
fi
make_tree
if has_submodules; then
  if [ -n "$submodules" ]; then add_submodules
  else say 'submodules are left out: submodules = false'
  fi
fi
refuse_pointers "$tree"
if [ -n "$subtree" ]; then
  for each in "$tree/$subtree"/* "$tree/$subtree"/.[!.]* "$tree/$subtree"/..?*; do
    [ ! -e "$each" ] && [ ! -L "$each" ] || mv "$each" "$path/"
  done
  rm -rf "$tree"
fi
