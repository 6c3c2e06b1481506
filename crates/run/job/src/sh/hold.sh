# Says that the owner of the deploy w_deploy is there, or rests (w_hold), where the number w_fence is still the newest at the
# root whose .windlass is w_ours; answers `lost` where it is not, and `over` where the deploy has no owner any more. The lease is told in the host's own uptime, in this boot, so that no clocks are compared.

w_x=
read -r w_x <"$w_ours/fence"
w_mine=$w_ours/deploys/$w_deploy
if [ ! -d "$w_mine" ] || [ -e "$w_mine/decision" ]; then echo over; exit; fi
if [ "$w_x" != "$w_fence" ] || [ ! -e "$w_ours/lock" ]; then echo lost; exit; fi
w_here=- w_now=0
read -r w_here </proc/sys/kernel/random/boot_id
read -r w_now _ </proc/uptime
echo "$w_here ${w_now%.*} $w_lease $w_hold" >"$w_mine/lease.$w_fence" && mv -f "$w_mine/lease.$w_fence" "$w_mine/lease" || exit
echo ours
