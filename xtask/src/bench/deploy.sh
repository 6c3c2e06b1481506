# The baseline: the steps of a deploy as one script over one ssh. $1 = where below the home, $2 = the repository.
set -e
mkdir -p "$HOME/$1"; cd "$HOME/$1"
release=$(date -u +%Y%m%d%H%M%S%N)
mkdir -p releases shared/log shared/config
mkdir deploy.lock
[ -d repo ] || git clone --quiet --mirror "$2" repo
git -C repo remote update --prune
mkdir "releases/$release"
git -C repo archive main | tar -x -f - -C "releases/$release"
git -C repo rev-parse main > "releases/$release/REVISION"
mkdir -p "releases/$release/config"
rm -rf "releases/$release/log"
ln -s ../../shared/log "releases/$release/log"
ln -s ../../../shared/config/key "releases/$release/config/key"
ln -s "releases/$release" current.new
mv -T current.new current
ls releases | sort | head -n -5 | while read -r old; do rm -rf "releases/$old"; done
echo "Branch main deployed as release $release" >> revisions.log
rmdir deploy.lock
