# shellcheck shell=bash disable=SC2034
# Paths, ports and URLs that all scripts use. Sourced, never run.
#
# A setting comes from the environment, else from `.env`, else it is that of the private instance of the service.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)"
LOCAL="$ROOT/.local"
DATA="$LOCAL/data" LOG="$LOCAL/log" RUN="$LOCAL/run"
# Identifies this checkout in process titles and in /var/tmp, so that two checkouts never stop each other's processes.
INSTANCE="$(printf '%s' "$ROOT" | sha256sum | cut --characters=1-12)"

# shellcheck source=scripts/lib/network.sh
source "$ROOT/scripts/lib/network.sh"

print() { printf '%s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Reads KEY=VALUE lines without evaluating them. A variable that is already set in the environment wins.
load_dotenv() {
    local line key value
    [[ -f "$ROOT/.env" ]] || return 0
    while IFS= read -r line || [[ -n "$line" ]]; do
        line="${line%$'\r'}"
        [[ "$line" =~ ^[[:space:]]*(export[[:space:]]+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$ ]] || continue
        key="${BASH_REMATCH[2]}" value="${BASH_REMATCH[3]}"
        if [[ "$value" =~ ^\"([^\"]*)\" || "$value" =~ ^\'([^\']*)\' ]]; then
            value="${BASH_REMATCH[1]}"
        else
            value="${value%%[[:space:]]#*}"
            value="${value%"${value##*[![:space:]]}"}"
        fi
        [[ -n "$value" && -z "${!key:-}" ]] && export "$key=$value"
    done <"$ROOT/.env"
    return 0
}

# The port of a private instance: the recorded one (written by `up`), else the configured one, else the default.
port_of() {
    case "$1" in
        postgres) recorded_port postgres || print "${ORDERFLOW_POSTGRES_PORT:-21432}" ;;
        redis) recorded_port redis || print "${ORDERFLOW_REDIS_PORT:-21379}" ;;
        rabbitmq) recorded_port rabbitmq || print "${ORDERFLOW_RABBITMQ_PORT:-21672}" ;;
        pgbouncer) recorded_port pgbouncer || print "${ORDERFLOW_PGBOUNCER_PORT:-21632}" ;;
        replica) recorded_port replica || print "${ORDERFLOW_REPLICA_PORT:-21532}" ;;
        management) print "${ORDERFLOW_RABBITMQ_MANAGEMENT_PORT:-$(($(port_of rabbitmq) + 1))}" ;;
        epmd) print "${ORDERFLOW_RABBITMQ_EPMD_PORT:-$(($(port_of rabbitmq) + 2))}" ;;
        distribution) print "${ORDERFLOW_RABBITMQ_DISTRIBUTION_PORT:-$(($(port_of rabbitmq) + 3))}" ;;
        *) fail "no such service: $1" ;;
    esac
}
recorded_port() { cat "$RUN/$1.port" 2>/dev/null; }

# Prefix of every private URL of a service; the database or vhost follows.
private_prefix() {
    case "$1" in
        postgres | pgbouncer | replica) print "postgres://orderflow:orderflow@127.0.0.1:$(port_of "$1")/" ;;
        rabbitmq) print "amqp://orderflow:orderflow@127.0.0.1:$(port_of rabbitmq)/" ;;
        redis) print "redis://127.0.0.1:$(port_of redis)/" ;;
    esac
}

private_management_url() { print "http://orderflow:orderflow@127.0.0.1:$(port_of management)"; }

url_variable() {
    case "$1" in
        postgres) print DATABASE_URL ;;
        rabbitmq) print RABBITMQ_URL ;;
        redis) print REDIS_URL ;;
        pgbouncer) print TEST_PGBOUNCER_URL ;;
        replica) print TEST_REPLICA_URL ;;
    esac
}

# Succeeds when the URL variable of a service points to an external one, not to the private instance. `make` exports
# the private URLs to its children, so a variable that is set is no proof: the URL itself is compared. The private URL
# counts as external when no private instance is recorded and another program listens on that port (for example a
# container).
is_external() {
    local variable url
    variable="$(url_variable "$1")"
    url="${!variable:-}"
    [[ -n "$url" ]] || return 1
    [[ "$url" != "$(private_prefix "$1")"* ]] || { ! recorded_port "$1" >/dev/null && port_listened "$(port_of "$1")"; }
}

# Points every URL that is not set yet to the private instance.
export_urls() {
    export DATABASE_URL="${DATABASE_URL:-$(private_prefix postgres)orderflow}"
    export TEST_DATABASE_URL="${TEST_DATABASE_URL:-$(test_database_url)}"
    export RABBITMQ_URL="${RABBITMQ_URL:-$(private_prefix rabbitmq)orderflow}"
    is_external rabbitmq || export RABBITMQ_MANAGEMENT_URL="${RABBITMQ_MANAGEMENT_URL:-$(private_management_url)}"
    export REDIS_URL="${REDIS_URL:-$(private_prefix redis)0}"
}

# with_database postgres://u:p@host/shop?sslmode=require NAME -> postgres://u:p@host/NAME?sslmode=require
with_database() {
    local base="${1%%\?*}" query=""
    [[ "$1" == *\?* ]] && query="?${1#*\?}"
    [[ "$base" == *://*/* ]] || base="$base/"
    print "${base%/*}/$2$query"
}
database_of() {
    local base="${1%%\?*}"
    [[ "$base" != *://*/* ]] || print "${base##*/}"
}
test_database_url() {
    local name
    name="$(database_of "$DATABASE_URL")"
    with_database "$DATABASE_URL" "${name%_test}_test"
}

print_urls() {
    local variable
    export_urls
    for variable in DATABASE_URL TEST_DATABASE_URL RABBITMQ_URL RABBITMQ_MANAGEMENT_URL REDIS_URL; do
        [[ -z "${!variable:-}" ]] || printf 'export %s=%q\n' "$variable" "${!variable}"
    done
}
