bundler=$(tool bundle --version)
# The word `set` came with Bundler 2.1.
case $bundler in *' 1.'* | *' 2.0.'*) set=;; *) set=set;; esac
# The Gemfile comes first: the others are kept beside it.
keep() { tool bundle config $set --local "$1" "$2"; }
[ -z "$gemfile" ] || keep gemfile "$PWD/$gemfile"
if [ -n "$gems" ]; then keep path "$gems"; else keep path.system true; fi
[ -z "$without" ] || keep without "$without"
[ -z "$deployment" ] || keep deployment true
