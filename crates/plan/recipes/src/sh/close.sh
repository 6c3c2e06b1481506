# The lock goes last: where it is not ours any more, all of this was done before.
lock_is_ours || exit 0
forget_deploy() { rm -rf "$ours/deploys/$1"; }
each_old_deploy forget_deploy
rm -rf "$tmp" "$mine/reserve"
# A disk that is full for good must not keep the lock.
echo "$decision" >"$mine/decision" || say 'no space is left to note how the deploy ended'
rm -f "$ours/lock"
