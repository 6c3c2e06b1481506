if [ -n "$check_first" ] && tool bundle check >/dev/null 2>&1; then
  printf '%s\n' 'every gem of Gemfile.lock is there; nothing to install'
else
  with_options tool bundle install
fi
[ -z "$binstubs" ] || tool bundle binstubs --all --path "$binstubs"
