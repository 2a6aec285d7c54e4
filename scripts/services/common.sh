# shellcheck shell=bash disable=SC2153
# Shared by the private Postgres, RabbitMQ and Redis: users, data directories, start and stop. Sourced, never run.
# SC2153: DATA, LOG and RUN are no misspellings; lib/settings.sh sets them.
#
# Each services/NAME.sh defines what differs:
#   NAME_user            variable: the system user that runs it when we are root
#   NAME_stop_signal     variable: the signal that stops it cleanly
#   NAME_marker          prints a text that only our process has in its command line
#   NAME_ports           prints the ports on which it listens
#   NAME_present         is it installed?
#   NAME_prepare DATA    writes what must exist in its data directory before it starts
#   NAME_launch DATA     starts it in the background and records its pid
#   NAME_ready           does it accept work?
#   NAME_after_ready     creates what clients expect to find
#   NAME_after_stop      stops what was started only for it

READY_LIMIT_SECONDS="${ORDERFLOW_READY_LIMIT_SECONDS:-120}"
STOP_LIMIT_SECONDS=30
CLEAN_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# Sets the array `as` to the words that precede every command of service $1. Postgres and RabbitMQ refuse to run as
# root, so root runs each service as the system user of its package. setpriv execs the command; runuser would stay as
# its parent, and the recorded pid would not be that of the server. The environment is emptied: the user's PGDATA or
# RABBITMQ_NODENAME must not reach the private instance.
command_prefix() {
    local user="$1_user"
    user="${!user}"
    as=(env --ignore-environment "PATH=$CLEAN_PATH" LANG=C.UTF-8 TZ=UTC)
    if ((EUID == 0)) && id "$user" >/dev/null 2>&1; then
        as=(setpriv "--reuid=$user" "--regid=$user" --init-groups -- "${as[@]}")
    fi
}
as_service() {
    local as
    command_prefix "$1"
    # From /, because the service's user may have no access to the current directory.
    (cd / && "${as[@]}" "${@:2}")
}
launch_service() {
    local as
    command_prefix "$1"
    launch "$1" "$2" "${as[@]}" "${@:3}"
}

service_pid() { running_pid "$1" "$("$1_marker")"; }

# Creates the data directory of a service when it is missing, writable for the service's user, and prints its path. When
# that user can't enter the repository (a home directory of mode 700), the data are in /var/tmp, behind a symbolic link.
ensure_data_directory() {
    local name="$1" place="$DATA/$1" user="$1_user" elsewhere
    if [[ ! -e "$place" ]]; then
        # A dangling link does not "exist", but is in the way.
        rm --force "$place"
        mkdir --parents "$place"
        make_private_to "${!user}" "$place"
        if ! as_service "$name" test -w "$place"; then
            rmdir "$place"
            remove_stale_data "/var/tmp/orderflow-$INSTANCE-$name".*
            elsewhere="$(mktemp --directory "/var/tmp/orderflow-$INSTANCE-$name.XXXXXX")"
            make_private_to "${!user}" "$elsewhere"
            ln --symbolic "$elsewhere" "$place"
        fi
    fi
    as_service "$name" test -w "$(data_path "$name")" ||
        fail "$name: its user cannot write to .local/data/$name;" \
            "\`scripts/services.sh wipe $name\` deletes the directory with its data"
    data_path "$name"
}
# The resolved data path. Services get this path: their user may be unable to enter .local/data/NAME.
data_path() { readlink --canonicalize "$DATA/$1"; }
make_private_to() {
    chmod 700 "$2"
    if ((EUID == 0)) && id "$1" >/dev/null 2>&1; then chown "$1:" "$2"; fi
}
# Removes the directories in /var/tmp that an earlier checkout at the same path left behind when it was deleted. One in
# which a process still runs is kept.
remove_stale_data() {
    local directory
    for directory in "$@"; do
        [[ -d "$directory" && (-O "$directory" || $EUID == 0) ]] || continue
        grep --quiet "^$directory" < <(readlink /proc/[0-9]*/cwd 2>/dev/null) || rm --recursive --force "$directory"
    done
}

# Starts the service on its port and waits until it is ready.
start_service() {
    local name="$1" pid data begun="$EPOCHREALTIME"
    if pid="$(service_pid "$name")"; then
        wait_ready "$name" "$pid"
        print "$name: running on 127.0.0.1:$(port_of "$name")"
        return
    fi
    mkdir --parents "$DATA" "$LOG" "$RUN"
    [[ -f "$RUN/$name.port" ]] || choose_port "$name"
    wait_ports_free "$name"
    printf '%s: starting on 127.0.0.1:%s … ' "$name" "$(port_of "$name")"
    data="$(ensure_data_directory "$name")"
    "${name}_prepare" "$data"
    "${name}_launch" "$data"
    wait_ready "$name" "$(cat "$RUN/$name.pid")"
    "${name}_after_ready"
    print "ready in $(elapsed_since "$begun")"
}
wait_ready() {
    local name="$1" pid="$2" deadline=$((SECONDS + READY_LIMIT_SECONDS))
    until "${name}_ready"; do
        if [[ ! -d "/proc/$pid" ]] || ((SECONDS >= deadline)); then
            fail_start "$name" "$pid" "$READY_LIMIT_SECONDS"
        fi
        sleep 0.2
    done
}

stop_service() {
    local name="$1" signal="$1_stop_signal" pid=""
    pid="$(service_pid "$name")" || true
    stop_process "$name" "$("${name}_marker")" "${!signal}" "$STOP_LIMIT_SECONDS"
    "${name}_after_stop"
    if [[ -n "$pid" ]]; then print "$name: stopped"; else print "$name: was not running"; fi
}

wipe_service() {
    local place="$DATA/$1"
    stop_service "$1"
    [[ ! -L "$place" ]] || rm --recursive --force "$(data_path "$1")"
    rm --recursive --force "$place" "$RUN/$1.port"
}

# Checks that an external service accepts connections. No private instance is started in its place.
check_external() {
    local name="$1" variable address
    variable="$(url_variable "$name")"
    if ! address="$(host_and_port "${!variable}")"; then
        print "$name: external, from $variable (a unix socket, not checked)"
        return
    fi
    # shellcheck disable=SC2086 # two words on purpose: host and port
    accepts $address || fail "$name: $variable names ${address/ /:}, which accepts no connections"
    print "$name: external at ${address/ /:}, from $variable"
}
