# Reads the record of a job: pid, since, where and f are the words of its claim.

# Where it stands: i, the index of its command; s, the end of the job where that is noted; c, cs and user, the process of
# the command, since when it runs and whose it is.
stand() {
  i=0 s=- more=
  while { read -r s _ _ _ _ more <"$f.$i.rc"; } 2>/dev/null && [ "$more" = more ]; do i=$((i+1)); done
  # Read byte by byte, a line that is written meanwhile begins with the old byte.
  case $s in -* | '~'*) s= ;; esac
  c=- cs=- user=
  { read -r c cs _ _ _ user <"$f.$i.pid"; } 2>/dev/null
  case $c in -*) c=- cs=- user= ;; esac
}
# Whether it goes on in this boot. A wrapper that was killed leaves its command running.
goes_on() { live "$pid" "$since" || { [ "$c" != - ] && live "$c" "$cs"; }; }
