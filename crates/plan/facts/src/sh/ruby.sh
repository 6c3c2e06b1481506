# The version managers for Ruby and what they have, in the order of preference. One that was named is looked for at its
# place alone.
versions() {
  for each; do [ ! -d "$each" ] || say ruby_version "${each##*/}"; done
}
manager() {
  kind=$1 below=$2
  shift 2
  if [ -n "$ruby_path" ]; then
    [ "$kind" = "$ruby_kind" ] || return 0
    set -- "$ruby_path"
  fi
  for place; do
    [ -n "$place" ] && [ -d "$place" ] || continue
    say ruby "$kind $place"
    versions "$place/$below"/*
  done
}
manager rbenv versions "${RBENV_ROOT-}" "$HOME/.rbenv" "$system/usr/local/rbenv" "$system/usr/lib/rbenv"
manager rvm rubies "$HOME/.rvm" "$system/usr/local/rvm" "$system/usr/share/rvm"
manager asdf installs/ruby "${ASDF_DATA_DIR-}" "$HOME/.asdf"
manager mise installs/ruby "${MISE_DATA_DIR-}" "$HOME/.local/share/mise"
if [ -z "$ruby_path" ]; then set -- "$system/usr/local" "$system/usr"
elif [ "$ruby_kind" = chruby ]; then set -- "$ruby_path"
else set --
fi
for place; do
  [ -x "$place/bin/chruby-exec" ] || continue
  say ruby "chruby $place"
  versions "$HOME/.rubies"/* "$system/opt/rubies"/*
done
