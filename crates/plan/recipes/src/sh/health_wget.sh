fetch() {
  limited wget --no-config -nv -S --content-on-error --max-redirect=0 --tries=1 --no-proxy \
    ${insecure:+--no-check-certificate} -O - "$@"
}
