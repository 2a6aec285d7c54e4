# shellcheck shell=bash
# Chooses the ports of private services, and waits until they are free. Sourced, never run.

PORT_LIMIT_SECONDS=60

# Chooses the port of a first start. While another program uses it, tries the next one, in steps of ten; a port that is
# configured explicitly is never changed.
choose_port() {
    local name="$1" configured="ORDERFLOW_${1^^}_PORT" port tries=0
    rm --force "$RUN/$name.port"
    port="$(port_of "$name")"
    while print "$port" >"$RUN/$name.port" && occupied_port "$name" >/dev/null; do
        [[ -z "${!configured:-}" ]] || port_conflict "$name"
        ((++tries <= 20)) || port_conflict "$name"
        port=$((port + 10))
    done
    ((tries == 0)) || print "$name: another program uses the default port; using $port"
}
occupied_port() {
    local port
    for port in $("$1_ports"); do
        ! port_listened "$port" || { print "$port"; return 0; }
    done
    return 1
}
port_conflict() {
    local port
    port="$(occupied_port "$1")"
    rm --force "$RUN/$1.port"
    fail "$1: another program uses port $port; choose another with ORDERFLOW_${1^^}_PORT"
}

# After a crash the last processes of the old server may keep the port for a moment. So may an unrelated client whose
# ephemeral port it is, when it is in the kernel's range for those (32768 and up; the default ports are below).
wait_ports_free() {
    local name="$1" port deadline=$((SECONDS + PORT_LIMIT_SECONDS))
    for port in $("${name}_ports"); do
        [[ "$name/$port" != "rabbitmq/$(port_of epmd)" ]] || ! running_pid epmd "$(epmd_marker)" >/dev/null || continue
        while port_used "$port"; do
            ((SECONDS < deadline)) || fail "$name: port $port is still in use after $PORT_LIMIT_SECONDS s"
            sleep 0.2
        done
    done
}
