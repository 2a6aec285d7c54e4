# shellcheck shell=bash disable=SC2153
# What all three services share: users, data directories, start and stop. Sourced, never run.
#
# Each services/NAME.sh says how its service differs: NAME_user, NAME_stop_signal, NAME_marker, NAME_ports, NAME_present,
# NAME_prepare, NAME_launch, NAME_ready, NAME_finish.

READY_LIMIT_SECONDS="${ORDERFLOW_READY_LIMIT_SECONDS:-120}"
STOP_LIMIT_SECONDS=30
CLEAN_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# The words to put before a command of service $1, into the array `as`. Postgres and RabbitMQ refuse to run as root, so
# then each service runs as the system user of its package.
# setpriv, because it becomes the command; runuser would stay as its parent, with a pid that is not the server's.
# The environment is emptied: a PGDATA or RABBITMQ_NODENAME of the user's own must not steer our instance.
words_before() {
    local user="$1_user"
    user="${!user}"
    as=(env --ignore-environment "PATH=$CLEAN_PATH" LANG=C.UTF-8 TZ=UTC)
    if ((EUID == 0)) && id "$user" >/dev/null 2>&1; then
        as=(setpriv "--reuid=$user" "--regid=$user" --init-groups -- "${as[@]}")
    fi
}
as_service() {
    local as
    words_before "$1"
    # From /, because the service's user may not be allowed where we stand.
    (cd / && "${as[@]}" "${@:2}")
}
launch_service() {
    local as
    words_before "$1"
    launch "$1" "$2" "${as[@]}" "${@:3}"
}

service_pid() { running_pid "$1" "$("$1_marker")"; }

# Prints the directory of the service's data, made when missing and open to its user.
# The service's user may not get into the repository (a home of mode 700): then the data stand in /var/tmp, linked.
data_directory() {
    local name="$1" place="$DATA/$1" user="$1_user" elsewhere
    if [[ ! -e "$place" ]]; then
        rm --force "$place"
        mkdir --parents "$place"
        give_to "${!user}" "$place"
        if ! as_service "$name" test -w "$place"; then
            rmdir "$place"
            remove_abandoned "/var/tmp/orderflow-$INSTANCE-$name".*
            elsewhere="$(mktemp --directory "/var/tmp/orderflow-$INSTANCE-$name.XXXXXX")"
            give_to "${!user}" "$elsewhere"
            ln --symbolic "$elsewhere" "$place"
        fi
    fi
    as_service "$name" test -w "$(place_of "$name")" ||
        fail "$name: its user cannot write to .local/data/$name; \`scripts/services.sh wipe $name\` makes it anew"
    place_of "$name"
}
# Where the data really are. Always this and not .local/data/NAME, which the service's user may not be able to enter.
place_of() { readlink --canonicalize "$DATA/$1"; }
give_to() {
    chmod 700 "$2"
    if ((EUID == 0)) && id "$1" >/dev/null 2>&1; then chown "$1:" "$2"; fi
}
# Data of an earlier checkout at this path, unless something still runs in it.
remove_abandoned() {
    local directory
    for directory in "$@"; do
        [[ -d "$directory" && (-O "$directory" || $EUID == 0) ]] || continue
        grep --quiet "^$directory" < <(readlink /proc/[0-9]*/cwd 2>/dev/null) || rm --recursive --force "$directory"
    done
}

# Starts the service on the port it has and waits until it answers.
start_service() {
    local name="$1" pid data begun="$EPOCHREALTIME"
    if pid="$(service_pid "$name")"; then
        wait_ready "$name" "$pid"
        say "$name: runs on 127.0.0.1:$(port_of "$name")"
        return
    fi
    mkdir --parents "$DATA" "$LOG" "$RUN"
    [[ -f "$RUN/$name.port" ]] || choose_port "$name"
    wait_ports_free "$name"
    printf '%s: starting on 127.0.0.1:%s … ' "$name" "$(port_of "$name")"
    data="$(data_directory "$name")"
    "${name}_prepare" "$data"
    "${name}_launch" "$data"
    wait_ready "$name" "$(cat "$RUN/$name.pid")"
    "${name}_finish"
    say "ready in $(elapsed_since "$begun")"
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
    local name="$1" signal="$1_stop_signal" was=""
    was="$(service_pid "$name")" || true
    stop_process "$name" "$("${name}_marker")" "${!signal}" "$STOP_LIMIT_SECONDS"
    [[ "$name" != rabbitmq ]] || stop_process epmd "$(epmd_marker)" TERM "$STOP_LIMIT_SECONDS"
    if [[ -n "$was" ]]; then say "$name: stopped"; else say "$name: was not running"; fi
}

wipe_service() {
    local place="$DATA/$1"
    stop_service "$1"
    [[ ! -L "$place" ]] || rm --recursive --force "$(place_of "$1")"
    rm --recursive --force "$place" "$RUN/$1.port"
}

# A service of the user's own: is it there? Nothing is started in its place.
check_given() {
    local name="$1" variable address
    variable="$(url_variable "$name")"
    if ! address="$(host_and_port "${!variable}")"; then
        say "$name: yours, as $variable says (a unix socket, not checked)"
        return
    fi
    # shellcheck disable=SC2086 # two words on purpose: host and port
    accepts $address || fail "$name: $variable names ${address/ /:}, and nothing accepts connections there"
    say "$name: yours at ${address/ /:}, as $variable says"
}
