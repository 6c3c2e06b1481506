if [ -z "$ruby_version" ] && [ -r .ruby-version ]; then IFS= read -r ruby_version <.ruby-version || :; fi
tool() { "$ruby_path/bin/rvm" "${ruby_version:-default}" do "$@"; }
