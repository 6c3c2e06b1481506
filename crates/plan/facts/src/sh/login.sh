say facts 1
kernel=$(uname -s)
say system "$kernel"
against=
[ "$kernel" = Linux ] || against=1
[ -r /proc/self/stat ] && say proc 1 || against=1
boot=
first_line /proc/sys/kernel/random/boot_id && boot=$line && say boot_id "$boot"
user=$(id -un 2>/dev/null) || user=${LOGNAME:-${USER-}}
uid=$(id -u)
say user "$user"
say uid "$uid"
group=$(id -gn 2>/dev/null) || group=$(id -g)
say group "$group"
say home "$HOME"
say shell "${SHELL-}"
say umask "$(umask)"
say path "$PATH"
for tool in git tar sha256sum openssl flock setsid systemd-run sudo git-lfs curl wget timeout systemctl; do
  found=$(command -v "$tool") && say tool "$tool $found"
done
command -v tar >/dev/null || against=1
command -v git >/dev/null && say git_version "$(git --version 2>/dev/null)"
# Which wget it is matters only where there is nothing better.
command -v curl >/dev/null || { command -v wget >/dev/null && say wget_version "$(wget --version 2>/dev/null | head -n 1)"; }
for manager in "$HOME/.rbenv" "$HOME/.rvm" "$HOME/.nvm" "$HOME/.asdf" "$HOME/.local/share/mise" \
  "$HOME/.volta" "$HOME/.pyenv" "$HOME/.fnm" "$HOME/.cargo" /usr/local/rbenv /usr/local/rvm; do
  [ -d "$manager" ] && say manager "$manager"
done

# Whether processes survive the end of the login: setsid does not leave the session's control group.
logind_says() {
  if [ -z "$system" ] && command -v busctl >/dev/null; then
    case $(busctl get-property org.freedesktop.login1 /org/freedesktop/login1 \
      org.freedesktop.login1.Manager KillUserProcesses 2>/dev/null) in
      'b true') kills=yes; return;;
      'b false') kills=no; return;;
    esac
  fi
  for file in "$system"/usr/lib/systemd/logind.conf "$system"/etc/systemd/logind.conf \
    "$system"/usr/lib/systemd/logind.conf.d/*.conf "$system"/run/systemd/logind.conf.d/*.conf \
    "$system"/etc/systemd/logind.conf.d/*.conf; do
    slurp "$file" || continue
    while IFS= read -r line; do
      case $line in
        # What stands in a comment is the value that the program was built with.
        '#KillUserProcesses='* | KillUserProcesses=*)
          case ${line#*=} in yes | true | on | 1) kills=yes;; *) kills=no;; esac;;
        KillExcludeUsers=*) spared=" ${line#*=} ";;
        KillOnlyUsers=?*) only=" ${line#*=} ";;
      esac
    done <<END
$text
END
  done
}
kills=no spared=' root ' only='' logout=survive
slurp "$system/proc/self/cgroup" || text=
case $text in
  */session-*.scope*)
    logind_says
    case $spared in *" $user "*) kills=no;; esac
    case $only in '' | *" $user "*) ;; *) kills=no;; esac
    [ "$kills" = no ] || logout=die;;
  */user@*.service*) logout=die;;
esac
if [ "$logout" = die ] && [ -e "$system/var/lib/systemd/linger/$user" ]; then
  case $text in */user@*.service*) logout=survive;; esac
  [ -e "$system/run/user/$uid/systemd/private" ] && command -v systemd-run >/dev/null && [ "$logout" = die ] &&
    logout=user_manager
fi
say logout "$logout"
[ "$logout" != die ] || against=1
