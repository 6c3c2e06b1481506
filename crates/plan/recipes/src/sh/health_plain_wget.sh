fetch() { limited wget -q -S -Y off ${insecure:+--no-check-certificate} -O - "$@"; }
