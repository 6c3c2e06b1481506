# Reads the record of a job: w_pid, w_since, w_where and w_f are the words of its claim.

# Where it stands: w_i, the index of its command; w_s, the end of the job where that is noted; w_c, w_cs and w_user, the
# process of the command, since when it runs and whose it is.
w_stand() {
  w_i=0 w_s=- w_more=
  while { read -r w_s _ _ _ _ w_more <"$w_f.$w_i.rc"; } 2>/dev/null && [ "$w_more" = more ]; do w_i=$((w_i+1)); done
  # Read byte by byte, a line that is written meanwhile begins with the old byte.
  case $w_s in -* | '~'*) w_s= ;; esac
  w_c=- w_cs=- w_user=
  { read -r w_c w_cs _ _ _ w_user <"$w_f.$w_i.pid"; } 2>/dev/null
  case $w_c in -*) w_c=- w_cs=- w_user= ;; esac
}
# Whether it goes on in this boot. A wrapper that was killed leaves its command running.
w_goes_on() { w_alive "$w_pid" "$w_since" || { [ "$w_c" != - ] && w_alive "$w_c" "$w_cs"; }; }
