#!/usr/bin/env bash
# Fails if a program named on the command line loads OpenSSL, which exports the
# same names as our BoringSSL: a process with both crashes or mixes them.
set -euo pipefail

status=0
for program in "$@"; do
  libraries=$(ldd "$program")
  if grep -E 'lib(ssl|crypto)\.so\.[1-9]' <<<"$libraries"; then
    echo "$program loads OpenSSL" >&2
    status=1
  fi
done
exit "$status"
