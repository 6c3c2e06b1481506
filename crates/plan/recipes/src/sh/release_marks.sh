rm -f "$path/REVISION" "$path/REVISION_TIME"
printf '%s\n' "$revision" >"$path/REVISION"
time=$(in_repo --no-pager log -1 --pretty=format:%ct "$revision")
printf '%s\n' "$time" >"$path/REVISION_TIME"
record ready
