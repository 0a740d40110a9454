# What each verb of ./dev does. Sourced by it, in the repository's root.

# The built executable.
akashi=.build/release/akashi

# Where ./dev's own cloud keeps its state, unless --state says otherwise.
default_state=${AKASHI_STATE:-$PWD/.akashi}

fail() { echo "dev: $*" >&2; exit 1; }
say() { printf '\n\033[1m%s\033[0m\n' "$*" >&2; }

# Prints a verb's help and ends, if that is what was asked for.
help_of() {
    local text=$1
    shift
    for word in "$@"; do
        case $word in -h | --help) printf '%s\n' "$text"; exit 0 ;; esac
    done
}

need_root() {
    [ "$(id -u)" = 0 ] || fail "$1 needs root: it makes network namespaces and runs each server as a user of its own"
}

# Installs what is missing; quick when nothing is.
prepare() {
    command -v swift >/dev/null || fail "a Swift 6.1 toolchain is needed: https://www.swift.org/install"
    deps/install
    deps/fetch-novnc >/dev/null || fail "noVNC could not be fetched"
    deps/fetch-ovn >/dev/null || [ $? = 3 ] || fail "OVN could not be fetched"
}

build() {
    say "Building akashi (the first time takes some minutes)"
    swift build -c release --product akashi
}

verb_build() {
    help_of "usage: ./dev build
Builds .build/release/akashi, in release mode." "$@"
    prepare
    build
}

verb_akashi() {
    [ -x "$akashi" ] || { prepare; build; }
    exec "$akashi" "$@"
}

verb_up() {
    help_of "usage: ./dev up [--state DIR] [--port N] [options of akashi up]
Builds, starts the cloud in the background and returns when it is ready. DIR (default .akashi) then
holds openrc-admin, openrc-demo and clouds.yaml, which the official clients take as they are." "$@"
    need_root "./dev up"
    prepare
    build
    with_state "$akashi" up --detach "$@"
}

verb_down() {
    help_of "usage: ./dev down [--state DIR] [--grace SECONDS]
Stops the cloud and its servers; what they hold is kept, and the next ./dev up starts them again." "$@"
    need_root "./dev down"
    [ -x "$akashi" ] || fail "nothing is built here, so nothing of it runs"
    with_state "$akashi" down "$@"
}

# Runs a command with --state, unless its arguments have one.
with_state() {
    local word
    for word in "$@"; do
        case $word in --state | --state=*) "$@"; return ;; esac
    done
    "$@" --state "$default_state"
}

verb_ecl() { run_client ecl "$@"; }
verb_openstack() { run_client openstack "$@"; }

# Runs an official client as the demo tenant, unless the environment names another login.
run_client() {
    local program
    program=$(deps/install --print "$1") || { prepare; program=$(deps/install --print "$1"); }
    shift
    if [ -z "${OS_AUTH_URL:-}" ]; then
        [ -r "$default_state/openrc-demo" ] || fail "no cloud is up in $default_state: ./dev up"
        . "$default_state/openrc-demo"
    fi
    # Files that are named are those of the directory it was called from.
    cd "$caller"
    exec "$program" "$@"
}

verb_demo() {
    help_of "usage: ./dev demo [--state DIR] [--port N] [--keep]
Brings a cloud up and shows it at work: a tenant's image, network and servers, a console, an address by
DHCP, a ping within the tenant, and no answer from another tenant. Every step is printed as the command
that did it. Afterwards the servers are removed and the cloud is left running, for you to go on by hand;
--keep leaves the servers too." "$@"
    need_root "./dev demo"
    prepare
    build
    exec tools/demo "$@"
}

verb_test() {
    help_of "usage: ./dev test [style | kernel | adapters | end-to-end] ...
Runs all tests, or the parts named. AKASHI_SEEDS=N simulates N seeds instead of 2000; AKASHI_SEED=K
replays one." "$@"
    need_root "./dev test"
    prepare
    local part
    for part in "${@:-style kernel adapters end-to-end}"; do
        for part in $part; do
            case $part in
                style) test_style ;;
                kernel) test_kernel ;;
                adapters) test_adapters ;;
                end-to-end) test_end_to_end ;;
                *) fail "there is no test part '$part'; see ./dev test --help" ;;
            esac
        done
    done
}

test_style() {
    say "Style"
    swift format lint --strict --parallel --recursive Kernel/Sources Kernel/Tests Sources Tests Package.swift Kernel/Package.swift
}

test_kernel() {
    say "Kernel: rules, routes, simulation"
    swift test --package-path Kernel
}

test_adapters() {
    say "Adapters: SQLite, HTTP, QEMU, OVN"
    # Built apart: `swift test` would build everything with other flags than the product, and so twice.
    swift build -c release --build-tests
    AKASHI_GUEST_IMAGE=$(guest/image)
    export AKASHI_GUEST_IMAGE
    # They wait for daemons and packets more than they work: three rows of them, each one after the other.
    local logs row jobs=() again=() failed=0
    local rows=("--filter OVNTests" "--filter EdgeTests" "--skip OVNTests --skip EdgeTests")
    logs=$(mktemp -d)
    trap 'kill "${jobs[@]}" 2>/dev/null' INT TERM
    for row in "${!rows[@]}"; do
        adapters_row "${rows[row]}" >"$logs/$row" 2>&1 &
        jobs+=($!)
    done
    for row in "${!jobs[@]}"; do
        wait "${jobs[row]}" && tail -1 "$logs/$row" || again+=("$row")
    done
    for row in "${again[@]}"; do
        adapters_complaints "$logs/$row"
        say "Once more, beside nothing else: what fails again is broken"
        adapters_row "${rows[row]}" >"$logs/$row" 2>&1 && tail -1 "$logs/$row" ||
            { failed=1; adapters_complaints "$logs/$row"; }
    done
    rm -rf "$logs"
    [ $failed = 0 ] || fail "adapter tests failed"
}

adapters_row() {
    .build/release/AkashiPackageTests.xctest --testing-library swift-testing --no-parallel $1
}

# What of a row's output says why it failed.
adapters_complaints() {
    grep -E "recorded an issue|↳|✘" "$1" || tail -40 "$1"
}

test_end_to_end() {
    [ -x "$akashi" ] || build
    swift build -c release --product akashi
    guest/image >/dev/null
    say "End to end: the official clients and real servers"
    # Each worker has clouds of its own; a file's tests stay together. What fails once and not again is told as such:
    # two processors carry many clouds here, and their guests' processors are emulated besides.
    "$(deps/install --print pytest)" -n 2 --dist loadfile --reruns 1 -r aR Tests/EndToEnd
}

verb_tempest() {
    help_of "usage: ./dev tempest [--interop | --all | REGEX]
Runs Tempest, OpenStack's test suite: the tests that an interoperable cloud must pass (the default), the
API suites whole, or those whose name matches. In the cloud of AKASHI_STATE, or in one made for this.
Results are written as JSON: \$AKASHI_RESULTS, or .akashi-tempest/results.json." "$@"
    need_root "./dev tempest"
    prepare
    exec tools/tempest/tempest "$@"
}

verb_clients() {
    help_of "usage: ./dev clients [ecl | openstack | page] ...
Creates, lists, shows, updates and deletes with the commands of the official clients, in the cloud of
AKASHI_STATE or one made for this, and writes docs/clients.md from what was found, with Tempest's results
if there are any." "$@"
    need_root "./dev clients"
    prepare
    exec tools/clients/clients "$@"
}

verb_bench() {
    help_of "usage: ./dev bench [--osbench FILE] [api | server | start | core] ... | edge
Measures on this machine and writes docs/benchmarks/. Figures are ratios against a peer in the same run.
'core' is the API with 100, 1,000 and 10,000 servers stored; an osbench.py is run on it as well, if named.
'edge' is the Internet edge under floods; it is measured by itself." "$@"
    need_root "./dev bench"
    prepare
    if [ "${1:-}" = edge ]; then
        swift build -c release --build-tests
        shift
        exec tools/bench/edge "$@"
    fi
    build
    exec tools/bench/run "$@"
}

verb_fmt() {
    help_of "usage: ./dev fmt
Formats the Swift sources as .swift-format says." "$@"
    swift format --in-place --parallel --recursive Kernel/Sources Kernel/Tests Sources Tests Package.swift Kernel/Package.swift
}

verb_schema() {
    help_of "usage: ./dev schema NAME
Writes Sources/CloudSQLite/Migrations/NAME.swift with the tables as the fields now have them, to be made
into a migration: compare it with the last one, and keep what changes." "$@"
    [ $# = 1 ] || fail "usage: ./dev schema NAME"
    [ -x "$akashi" ] || { prepare; build; }
    tools/schema "$1"
}
