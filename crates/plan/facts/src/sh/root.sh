ours=$root/.windlass
say root "$root"
if [ -d "$root" ]; then say root_entry directory
elif [ -e "$root" ] || [ -L "$root" ]; then say root_entry other; against=1
fi
nearest=$root
while [ ! -d "$nearest" ]; do
  case $nearest in */*) nearest=${nearest%/*};; *) nearest=;; esac
  [ -n "$nearest" ] || nearest=/
done
say nearest "$nearest"
say nearest_owner "$(ls -ld "$nearest" 2>/dev/null | { read -r _ _ owner _; printf %s "$owner"; })"
may_write() {
  [ -e "$1" ] || return 0
  if [ -d "$1" ]; then [ -w "$1" ] && [ -x "$1" ]; else [ -w "$1" ]; fi && return 0
  say not_writable "$1"
  against=1
}
may_write "$nearest"
for each in releases shared repo .windlass revisions.log .windlass/deploys .windlass/releases; do
  may_write "$root/$each"
done
while read -r _ mount _ options _; do
  case $options in ro | ro,*) say read_only_mount "$mount";; esac
done </proc/self/mounts
say disk "$(df -Pk "$nearest" 2>/dev/null)"
say inodes "$(df -Pi "$nearest" 2>/dev/null)"

if [ -L "$root/current" ]; then
  link_target "$root/current" && say current_link "$target"
  [ -e "$root/current" ] || say current_dangles 1
elif [ -d "$root/current" ]; then say current directory; against=1
elif [ -e "$root/current" ]; then say current other; against=1
fi
# What the linked file that was named last holds; nothing where the login may not read it.
content() {
  [ -r "$1" ] || return 0
  digest=$(sha256sum <"$1" 2>/dev/null || openssl dgst -sha256 -r <"$1" 2>/dev/null)
  [ -z "$digest" ] || say linked_content "$(($(wc -c <"$1"))) ${digest%% *}"
}
linked_file() {
  if [ -f "$root/shared/$1" ]; then
    say linked_file "present $1"
    [ -z "$digests" ] || content "$root/shared/$1"
  elif [ -e "$root/shared/$1" ]; then say linked_file "not_a_file $1"; lacks=1
  else say linked_file "missing $1"; lacks=1
  fi
}
linked_dir() { [ -d "$root/shared/$1" ] || say missing_linked_dir "$1"; }
lacks=
each_linked_file linked_file
each_linked_dir linked_dir
