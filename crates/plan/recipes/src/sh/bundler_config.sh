bundler=$(tool bundle --version)
# The word `set` came with Bundler 2.1.
case $bundler in *' 1.'* | *' 2.0.'*) set=;; *) set=set;; esac
# The Gemfile comes first: the others are kept beside it.
keep() { tool bundle config $set --local "$1" "$2"; }
[ -z "$gemfile" ] || keep gemfile "$PWD/$gemfile"
[ -z "$without" ] || keep without "$without"
# `deployment` would put gems into vendor/bundle, and goes with a path of its own alone; `frozen` is the rest of it.
if [ -n "$gems" ]; then
  keep path "$gems"
  [ -z "$deployment" ] || keep deployment true
else
  keep path.system true
  [ -z "$deployment" ] || keep frozen true
fi
