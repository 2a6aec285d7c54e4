# shellcheck shell=bash disable=SC2016
# Ports and URLs, using only bash and /proc. Sourced, never run.

# accepts HOST PORT: succeeds when a TCP connection is accepted within two seconds.
accepts() {
    timeout 2 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>/dev/null
}

# Local ports that a server could not bind, one "port state" per line: listeners (0A) and open connections (01, 02, 08).
# Sockets that a killed server leaves behind (FIN_WAIT and TIME_WAIT) are left out, since servers can bind over them.
used_ports() {
    local address state port
    while read -r _ address _ state _; do
        [[ "$state" =~ ^(01|02|08|0A)$ ]] || continue
        port=$((16#${address##*:}))
        print "$port $state"
    done < <(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null)
}
# Not `used_ports | grep --quiet`: grep exits at the first match, and with pipefail the broken pipe would mean "not
# found".
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
    print "$host ${port:-$(default_port "$1")}"
}
default_port() {
    case "${1%%://*}" in
        postgres | postgresql) print 5432 ;;
        amqp) print 5672 ;;
        amqps) print 5671 ;;
        redis | rediss) print 6379 ;;
        *) fail "no default port is known for ${1%%://*}:// URLs" ;;
    esac
}

# The first port without a listener, counting up in steps of ten.
free_port() {
    local port="$1"
    while port_listened "$port"; do port=$((port + 10)); done
    print "$port"
}
