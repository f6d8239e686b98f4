#!/bin/sh
# Runs our programs against stock ones: run.sh bazel-bin. Needs root, and Go
# with its module proxy; touches no network but that one.
set -eu
version=v1.102.5
PATH="$PATH:/usr/local/go/bin"  # where its own installer puts it
bin=$(realpath "${1:-.}")
here=$(dirname "$(realpath "$0")")
lab=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
export HOME="${HOME:-$work}" GOFLAGS="-mod=mod -p=1"
trap 'rm -rf "$work"' EXIT
cp "$here"/*_test.go "$work"
(
  cd "$work"
  go mod init interop
  go get "tailscale.com@$version"
  go build -o derper tailscale.com/cmd/derper
  go test -tags ts_debug_websockets -c -o peer .
) > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
(
  cd "$work"
  WARREN_BIN="$bin" unshare --net sh -c 'ip link set lo up; exec ./peer'
)
"$lab/stock_relay.py" "$bin" "$work/derper"
"$lab/stock_relay.py" "$bin" "$work/derper" --tls
echo "agrees with tailscale.com $version"
