#!/usr/bin/env bash
# Runs api, worker and scheduler in the background: pid in .local/run/NAME.pid, log in .local/log/NAME.log.
# ORDERFLOW_PROFILE=release runs the release build.
set -euo pipefail

SCRIPTS="$(dirname "${BASH_SOURCE[0]}")"
for part in settings process; do
    # shellcheck source=/dev/null
    source "$SCRIPTS/lib/$part.sh"
done
ALL=(api worker scheduler)
TARGET="${CARGO_TARGET_DIR:-$ROOT/target}"
READY_LIMIT_SECONDS=30
STOP_LIMIT_SECONDS=30

usage() {
    cat <<'TEXT'
usage: scripts/processes.sh VERB [api|worker|scheduler ...]     (all by default)
  start    start what does not run, and wait until it is ready; restart what was rebuilt
  stop     send SIGTERM, wait 30 s, then kill
  restart  stop and start
  status   list the processes
  logs     follow the logs
TEXT
}

process_pid() { running_pid "$1" "$TARGET/"; }
# Cargo replaces the file of a binary, so a process that runs the old binary has a deleted executable.
rebuilt() { [[ "$(readlink "/proc/$1/exe")" == *" (deleted)" ]]; }

start() {
    local name="$1" pid binary
    if pid="$(process_pid "$name")"; then
        rebuilt "$pid" || { print "$name: running, pid $pid"; return; }
        stop "$name"
    fi
    binary="$TARGET/${ORDERFLOW_PROFILE:-debug}/$name"
    [[ -x "$binary" ]] || fail "$name: ${binary#"$ROOT"/} does not exist; build it with: make build"
    [[ "$name" != api ]] || ! port_listened "$(api_port)" ||
        fail "api: another program uses port $(api_port); choose another with API_PORT"
    start_and_wait "$name" "$binary"
}
start_and_wait() {
    local name="$1" binary="$2" begun="$EPOCHREALTIME" deadline=$((SECONDS + READY_LIMIT_SECONDS)) log_before pid
    log_before="$(stat --format=%s "$LOG/$name.log" 2>/dev/null || print 0)"
    printf '%s: starting … ' "$name"
    launch "$name" "$ROOT" "$binary"
    pid="$(cat "$RUN/$name.pid")"
    until is_ready "$name" "$log_before"; do
        if [[ ! -d "/proc/$pid" ]] || ((SECONDS >= deadline)); then
            fail_start "$name" "$pid" "$READY_LIMIT_SECONDS"
        fi
        sleep 0.1
    done
    print "ready in $(elapsed_since "$begun"), pid $pid"
}

is_ready() {
    if [[ "$1" == api ]]; then
        curl --silent --fail --max-time 5 --noproxy '*' --output /dev/null \
            "http://$(api_host):$(api_port)/system/health/ready"
    else
        # Only what this start has logged: an earlier run logged "ready" to the same file.
        grep --quiet "$1 ready" < <(tail --bytes="+$(($2 + 1))" "$LOG/$1.log" 2>/dev/null)
    fi
}
api_host() { case "${API_HOST:-}" in "" | 0.0.0.0 | ::) print 127.0.0.1 ;; *) print "$API_HOST" ;; esac; }
api_port() { print "${API_PORT:-8000}"; }

stop() {
    local name="$1"
    process_pid "$name" >/dev/null || { rm --force "$RUN/$name.pid"; print "$name: was not running"; return; }
    stop_process "$name" "$TARGET/" TERM "$STOP_LIMIT_SECONDS"
    print "$name: stopped"
}

restart() { stop "$1"; start "$1"; }

status() {
    local pid
    if pid="$(process_pid "$1")"; then print "$1: running, pid $pid"; else print "$1: not running"; fi
}

logs() {
    local files=() name
    for name in "$@"; do files+=("$LOG/$name.log"); done
    exec tail --lines=20 --follow=name --retry "${files[@]}"
}

main() {
    local verb="${1:-help}" name
    shift || true
    (($#)) || set -- "${ALL[@]}"
    for name in "$@"; do
        [[ " ${ALL[*]} " == *" $name "* ]] || fail "unknown process: $name; use one of: ${ALL[*]}"
    done
    load_dotenv
    export_urls
    case "$verb" in
        start | stop | restart | status) for name in "$@"; do "$verb" "$name"; done ;;
        logs) logs "$@" ;;
        help | --help | -h) usage ;;
        *) usage >&2; exit 2 ;;
    esac
}
main "$@"
