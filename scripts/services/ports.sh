# shellcheck shell=bash
# Which ports a private service gets, and when it may have them. Sourced, never run.

PORT_LIMIT_SECONDS=60

# Settles the port before a first start. Taken by another program, and not asked for by name: the next free one, ten on.
choose_port() {
    local name="$1" asked="ORDERFLOW_${1^^}_PORT" port tries=0
    rm --force "$RUN/$name.port"
    port="$(port_of "$name")"
    while say "$port" >"$RUN/$name.port" && taken_port "$name" >/dev/null; do
        [[ -z "${!asked:-}" ]] || port_conflict "$name"
        ((++tries <= 20)) || port_conflict "$name"
        port=$((port + 10))
    done
    ((tries == 0)) || say "$name: its usual port is taken by another program, so it gets $port"
}
taken_port() {
    local port
    for port in $("$1_ports"); do
        ! port_listened "$port" || { say "$port"; return 0; }
    done
    return 1
}
port_conflict() {
    local port
    port="$(taken_port "$1")"
    rm --force "$RUN/$1.port"
    fail "$1: port $port is taken by another program; ORDERFLOW_${1^^}_PORT=… chooses another"
}

# After a crash the last processes of the old server may hold the port for a moment, and so may a client that happened to
# get it as its own end, where it lies in the range that the kernel takes those from (32768 and up; our defaults do not).
wait_ports_free() {
    local name="$1" port deadline=$((SECONDS + PORT_LIMIT_SECONDS))
    for port in $("${name}_ports"); do
        [[ "$name/$port" != "rabbitmq/$(port_of epmd)" ]] || ! running_pid epmd "$(epmd_marker)" >/dev/null || continue
        while port_used "$port"; do
            ((SECONDS < deadline)) || fail "$name: port $port is still taken after $PORT_LIMIT_SECONDS s"
            sleep 0.2
        done
    done
}
