# A try on a host.
limited() { timeout -k 5 "$limit" "$@"; }
