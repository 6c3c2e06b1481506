rm -rf "$path/assets_manifest_backup" "$tmp/backup"
to=$tmp/backup
keep_manifests
[ -n "$(find "$to" -type f)" ] ||
  say "no manifest of assets is in public/$prefix; a rollback to this release will find the newest there"
mv "$to" "$path/assets_manifest_backup"
