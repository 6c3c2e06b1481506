made=
# Takes back what beginning the deploy did. Where Windlass was there before, the deploy's directory stays with a word in
# it, so that a begin that comes late finds the deploy over; only one of a later turn begins it anew. The lock goes last:
# another deploy must not begin in what is being taken away.
give_back() {
  [ ! -f "$mine/made" ] || read -r made <"$mine/made"
  rm -rf "$ours/tmp-$deploy"
  case " $made " in
    *' ours '*) rm -rf "$mine";;
    *)
      if [ -d "$mine" ]; then
        rm -rf "$mine/jobs" "$mine/reserve" "$mine/lease"
        [ -e "$mine/decision" ] || echo "given back $turn" >"$mine/decision"
      fi;;
  esac
  ! lock_is_ours || take_away
  case " $made " in *' ours '*) rmdir "$ours" 2>/dev/null;; esac
  case " $made " in *' root '*) rmdir "$root" 2>/dev/null;; esac
  return 0
}
# What only the holder of the lock may take away, and then the lock.
take_away() {
  for each in releases shared; do
    case " $made " in *" $each "*) rmdir "$root/$each" 2>/dev/null;; esac
  done
  case " $made " in
    *' ours '*)
      if rmdir "$ours/deploys" 2>/dev/null; then
        rmdir "$ours/releases" "$ours/failed" "$ours/trash" 2>/dev/null
        rm -f "$ours/id" "$ours/fence"
      fi;;
  esac
  rm -f "$ours/lock"
}
