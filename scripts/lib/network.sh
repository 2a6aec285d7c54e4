# shellcheck shell=bash disable=SC2016
# Ports and URLs, with nothing but bash and /proc. Sourced, never run.

# Succeeds when something accepts TCP connections there within two seconds.
accepts() {
    timeout 2 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>/dev/null
}

# Local ports that a server could not get, one "port state" a line. What a killed server leaves behind (FIN_WAIT and
# TIME_WAIT) does not count, since servers bind over it; a listener (0A) and a living connection (01, 02, 08) do.
used_ports() {
    local address state port
    while read -r _ address _ state _; do
        [[ "$state" =~ ^(01|02|08|0A)$ ]] || continue
        port=$((16#${address##*:}))
        say "$port $state"
    done < <(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null)
}
# No pipe into `grep --quiet`: it leaves early, and with pipefail the writer's broken pipe would count as "not found".
port_listened() { grep --quiet --line-regexp "$1 0A" < <(used_ports); }
port_used() { grep --quiet "^$1 " < <(used_ports); }

# scheme://user:password@host:port/path?query -> "host port"; fails when the URL names a unix socket instead.
host_and_port() {
    local rest="${1#*://}" authority host port
    authority="${rest%%[/?]*}"
    authority="${authority##*@}"
    if [[ "$authority" =~ ^\[(.*)\](:([0-9]+))?$ ]]; then
        host="${BASH_REMATCH[1]}" port="${BASH_REMATCH[3]}"
    else
        host="${authority%%:*}" port="${authority#"$host"}" port="${port#:}"
    fi
    [[ -n "$host" && "$host" != %2[Ff]* ]] || return 1
    say "$host ${port:-$(default_port "$1")}"
}
default_port() {
    case "${1%%://*}" in
        postgres | postgresql) say 5432 ;;
        amqp) say 5672 ;;
        amqps) say 5671 ;;
        redis | rediss) say 6379 ;;
        *) fail "cannot tell the port of a ${1%%://*}:// URL" ;;
    esac
}
