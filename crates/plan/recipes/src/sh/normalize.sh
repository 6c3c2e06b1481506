# The time in the release's name, as touch reads it.
time=${release%??}.${release#????????????}
one_time() {
  [ ! -d "$1" ] || TZ=UTC0 find "$1/" -type f -exec touch -c -t "$time" {} +
}
each_dir one_time
