if [ -z "$ruby_version" ] && [ -r .ruby-version ]; then IFS= read -r ruby_version <.ruby-version || :; fi
if [ -z "$ruby_version" ]; then
  printf '%s\n' 'windlass: chruby needs a version; set version in [ruby], or add .ruby-version to the project' >&2
  exit 1
fi
# chruby-exec joins its words with blanks and lets the login's shell read them again, and needs bash for that.
tool() {
  line=
  for word; do line="$line '$(printf '%s\n' "$word" | sed "s/'/'\\\\''/g")'"; done
  SHELL=$(command -v bash) "$ruby_path/bin/chruby-exec" "$ruby_version" -- "$line"
}
