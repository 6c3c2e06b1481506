# The lock goes last: where it is not ours any more, all of this was done before.
lock_is_ours || exit 0
forget_deploy() { rm -rf "$ours/deploys/$1"; }
echo "$decision" >"$mine/decision"
each_old_deploy forget_deploy
rm -rf "$tmp"
rm -f "$ours/lock"
