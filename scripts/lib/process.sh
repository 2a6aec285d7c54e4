# shellcheck shell=bash
# Background processes: pid in .local/run/NAME.pid, log in .local/log/NAME.log. Sourced, never run.

# running_pid NAME MARKER: prints the pid when NAME runs and is ours. A pid file may be stale, and its number reused by
# an unrelated process, so MARKER must be a text that only our process has in its command line.
running_pid() {
    local name="$1" marker="$2" pid
    pid="$(cat "$RUN/$name.pid" 2>/dev/null)" || return 1
    [[ "$pid" =~ ^[0-9]+$ ]] && process_has "$pid" "$marker" || return 1
    print "$pid"
}
# A zombie has no command line, so it counts as exited.
process_has() {
    local words
    words="$({ tr '\0' ' ' <"/proc/$1/cmdline"; } 2>/dev/null)" && [[ "$words" == *"$2"* ]]
}

# launch NAME DIRECTORY COMMAND...: runs the command in the background, in its own session, and records its pid.
# Every step is an exec (setsid and setpriv do not fork here), so that the pid is that of the server.
launch() {
    local name="$1" directory="$2"
    shift 2
    mkdir --parents "$LOG" "$RUN"
    (
        cd "$directory" || exit 1
        close_inherited_files
        exec setsid "$@"
    ) </dev/null >>"$LOG/$name.log" 2>&1 &
    print "$!" >"$RUN/$name.pid"
    disown
}
# A server that inherits our lock file keeps the lock, and one that inherits a pipe keeps its reader waiting.
close_inherited_files() {
    local path number
    for path in "/proc/$BASHPID/fd/"*; do
        number="${path##*/}"
        ((number > 2 && number != 255)) && eval "exec $number>&-" 2>/dev/null
    done
    return 0
}

# stop_process NAME MARKER SIGNAL SECONDS: sends SIGNAL, waits, then kills. Does nothing when NAME does not run.
stop_process() {
    local name="$1" marker="$2" signal="$3" seconds="$4" pid
    if pid="$(running_pid "$name" "$marker")"; then
        kill "-$signal" "$pid"
        if ! wait_exited "$pid" "$marker" "$seconds"; then
            print "$name: still running after $seconds s, killing it"
            kill -KILL "$pid" 2>/dev/null || true
            wait_exited "$pid" "$marker" 10 || fail "$name: process $pid cannot be killed"
        fi
    fi
    rm --force "$RUN/$name.pid"
}
wait_exited() {
    local deadline=$((SECONDS + $3))
    while process_has "$1" "$2"; do
        ((SECONDS < deadline)) || return 1
        sleep 0.1
    done
}

elapsed_since() { awk -v "start=$1" -v "end=$EPOCHREALTIME" 'BEGIN { printf "%.1f s", end - start }'; }

# fail_start NAME PID SECONDS: reports why a start failed.
fail_start() {
    print "failed"
    show_log_end "$1"
    if [[ -d "/proc/$2" ]]; then fail "$1: not ready after $3 s"; else fail "$1: the process exited"; fi
}
show_log_end() {
    print "--- the last 30 lines of ${LOG#"$ROOT"/}/$1.log" >&2
    tail --lines=30 "$LOG/$1.log" >&2 || true
}
