say facts 1
first_line "$mine/decision" && say decision "$line"
slurp "$mine/decided" && say decided "$text"
boot=
first_line /proc/sys/kernel/random/boot_id && boot=$line
first_line "$mine/lease" && read -r up _ </proc/uptime && say lease "$boot ${up%.*} $line"
say end 1
