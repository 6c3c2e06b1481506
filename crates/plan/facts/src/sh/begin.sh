# Begins the deploy: idempotent by its id, and nothing is changed where another one holds the lock.
# Unlike that of any other process, also of another host that shares the directory.
own=$deploy-$boot-$$
note() { made="$made $1"; }
prepare() {
  [ -d "$root" ] || { note root; mkdir -p "$root" || return; }
  [ -d "$ours" ] || { note ours; (umask 077; mkdir -p "$ours") || return; }
  chmod 700 "$ours"
}
# A file that appears whole or not at all, and only if there is none of its name.
place() {
  part=$ours/part-$own
  (umask 077; printf '%s' "$2" >"$part") || { rm -f "$part"; return 1; }
  ln "$part" "$1" 2>/dev/null || [ -e "$1" ] || (umask 077; set -C; cat "$part" >"$1")
  rm -f "$part"
  [ -e "$1" ]
}
raise_fence() {
  number=0
  ! first_line "$ours/fence" || number=$line
  case $number in '' | *[!0-9]*) echo "$ours/fence does not hold a number" >&2; return 1;; esac
  place "$mine/fence" "$((number + 1))$nl" && first_line "$mine/fence" || return
  fence=$line
  [ "$fence" -le "$number" ] || {
    (umask 077; echo "$fence" >"$ours/fence-$own") && mv -f "$ours/fence-$own" "$ours/fence"
  }
}
lay_out() {
  (umask 077; mkdir -p "$mine/jobs" "$ours/tmp-$deploy" "$ours/releases" "$ours/failed" "$ours/trash") || return
  [ -z "$makes_releases" ] || for each in releases shared; do
    [ -d "$root/$each" ] || { note "$each"; mkdir -p "$root/$each" || return; }
  done
  # Kept free for the records of an undo, should the deploy fill the disk.
  [ -e "$mine/reserve" ] || (umask 077; dd if=/dev/zero of="$mine/reserve" bs=65536 count=8 2>/dev/null) || return
  [ -e "$mine/made" ] || echo "$made" >"$mine/made"
}
take() {
  prepare || return 1
  place "$ours/lock" "$lock" || return 1
  lock_is_ours || return 3
  # Under the lock: a deploy that is given back takes the id away before it frees the lock.
  [ -s "$ours/id" ] || place "$ours/id" "$new_id$nl" || return 1
  [ ! -e "$mine/decision" ] || rm -f "$mine/decision" "$mine/fence" "$mine/made"
  lay_out && raise_fence && note_lease "$own" held || return 1
}
take_or_give_back() {
  take
  status=$?
  [ "$status" != 1 ] || give_back
  return "$status"
}
# Whether it was begun and given back in an earlier turn. Then nothing of that counts any more.
is_of_earlier_turn() {
  first_line "$mine/decision"
  case $line in 'given back '*) ;; *) return 1;; esac
  case ${line#given back } in '' | *[!0-9]*) return 1;; esac
  [ "${line#given back }" -lt "$turn" ]
}
begin() {
  if [ -e "$ours/lock" ] && ! lock_is_ours; then say begun locked; return; fi
  if [ -e "$mine/decision" ] && ! is_of_earlier_turn; then say begun_failed "the deploy $deploy is over on this host"; return; fi
  [ -z "$lacks" ] || [ -z "$makes_releases" ] || against=1
  if [ -n "$against" ]; then say begun refused; return; fi
  words=$(take_or_give_back 2>&1)
  case $? in
    0) first_line "$mine/fence" && say begun "$line";;
    3) say begun locked;;
    *) say begun_failed "$words";;
  esac
}
begin
