if settings=$(PATH=$PATH:/usr/sbin:/sbin sshd -T 2>/dev/null) && [ -n "$settings" ]; then
  say sshd_in_force "$settings"
else
  settings=$(cat /etc/ssh/sshd_config.d/*.conf /etc/ssh/sshd_config 2>/dev/null)
  [ -z "$settings" ] || say sshd_files "$settings"
fi
