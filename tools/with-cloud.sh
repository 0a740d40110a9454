# Sourced by tools that need a running cloud. Sets `state` to that of AKASHI_STATE, or to one that is made for the
# caller with the options given, on a free port, and is stopped when the caller ends; then `afterwards` is run, if set.

make_cloud() {
    state=${state:-${AKASHI_STATE:-}}
    [ -z "$state" ] || return 0
    local port
    state=$(mktemp -d /var/tmp/akashi-cloud.XXXXXX)
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    # What calls may go elsewhere before it ends.
    akashi=$PWD/.build/release/akashi
    trap '"$akashi" down --state "$state" >&2; rm -rf "$state"; ${afterwards:-:}' EXIT
    ./dev up --state "$state" --port "$port" "$@" >&2
}
