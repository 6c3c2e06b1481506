"""The baseline: the steps of a deploy by Fabric, on all hosts side by side.

Lock, fetch, export, links, publish, keep five, unlock; one kept connection a host, one command a step. It does not
undo anything and does not look at host keys.
"""

import sys
import time

from fabric import Config, Connection, ThreadingGroup

LOCK = "mkdir -p releases shared/log shared/config && mkdir deploy.lock"
FETCH = """
[ -d repo ] || git clone --quiet --mirror '{repository}' repo
git -C repo remote update --prune
"""
EXPORT = """
mkdir releases/{release}
git -C repo archive main | tar -x -f - -C releases/{release}
git -C repo rev-parse main > releases/{release}/REVISION
"""
LINKS = """
mkdir -p releases/{release}/config
rm -rf releases/{release}/log
ln -s ../../shared/log releases/{release}/log
ln -s ../../../shared/config/key releases/{release}/config/key
"""
PUBLISH = "ln -s releases/{release} current.new && mv -T current.new current"
FINISH = """
ls releases | sort | head -n -5 | while read -r old; do rm -rf "releases/$old"; done
echo "Branch main deployed as release {release}" >> revisions.log
rmdir deploy.lock
"""


def main(root, repository, user, key, port, *hosts):
    """Deploys to `root` below the home of every host."""
    now = time.time()
    release = time.strftime("%Y%m%d%H%M%S", time.gmtime(now)) + f"{int(now * 1000) % 1000:03}"
    config = Config(lazy=True)
    options = {"key_filename": key, "look_for_keys": False, "allow_agent": False}
    group = ThreadingGroup.from_connections(
        Connection(host, user=user, port=int(port), config=config, connect_kwargs=options) for host in hosts
    )
    for step in (LOCK, FETCH, EXPORT, LINKS, PUBLISH, FINISH):
        step = step.format(release=release, repository=repository)
        group.run(f'set -e; mkdir -p "$HOME/{root}"; cd "$HOME/{root}"\n{step}', hide=True, in_stream=False)
    group.close()


main(*sys.argv[1:])
