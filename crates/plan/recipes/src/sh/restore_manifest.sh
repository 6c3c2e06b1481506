keep_before
put_back "$path/assets_manifest_backup"
if [ "$put" = 0 ]; then
  printf 'windlass: %s\n' "release $release has kept no manifest of its assets; public/$prefix stays as the newest release left it" >&2
fi
