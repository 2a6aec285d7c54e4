# shellcheck shell=bash disable=SC2034
# Where things are, which ports and URLs are in force. Sourced, never run.
#
# A setting comes from the environment, else from `.env`, else from our private instance of the service.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)"
LOCAL="$ROOT/.local"
DATA="$LOCAL/data" LOG="$LOCAL/log" RUN="$LOCAL/run"
# Names this checkout in process titles and in /var/tmp, so that no checkout takes another's processes for its own.
INSTANCE="$(printf '%s' "$ROOT" | sha256sum | cut --characters=1-12)"

# shellcheck source=scripts/lib/network.sh
source "$ROOT/scripts/lib/network.sh"

say() { printf '%s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Reads KEY=VALUE lines without evaluating them; what the environment already says wins.
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

# The port of a private instance: the one it runs on (noted by `up`), else the one asked for, else the default.
port_of() {
    case "$1" in
        postgres) noted_port postgres || say "${ORDERFLOW_POSTGRES_PORT:-21432}" ;;
        redis) noted_port redis || say "${ORDERFLOW_REDIS_PORT:-21379}" ;;
        rabbitmq) noted_port rabbitmq || say "${ORDERFLOW_RABBITMQ_PORT:-21672}" ;;
        management) say "${ORDERFLOW_RABBITMQ_MANAGEMENT_PORT:-$(($(port_of rabbitmq) + 1))}" ;;
        epmd) say "${ORDERFLOW_RABBITMQ_EPMD_PORT:-$(($(port_of rabbitmq) + 2))}" ;;
        distribution) say "${ORDERFLOW_RABBITMQ_DISTRIBUTION_PORT:-$(($(port_of rabbitmq) + 3))}" ;;
        *) fail "no such service: $1" ;;
    esac
}
noted_port() { cat "$RUN/$1.port" 2>/dev/null; }

# Every private URL of a service begins with this, whatever the database or vhost behind it.
private_prefix() {
    case "$1" in
        postgres) say "postgres://orderflow:orderflow@127.0.0.1:$(port_of postgres)/" ;;
        rabbitmq) say "amqp://orderflow:orderflow@127.0.0.1:$(port_of rabbitmq)/" ;;
        redis) say "redis://127.0.0.1:$(port_of redis)/" ;;
    esac
}

private_management_url() { say "http://orderflow:orderflow@127.0.0.1:$(port_of management)"; }

url_variable() {
    case "$1" in
        postgres) say DATABASE_URL ;;
        rabbitmq) say RABBITMQ_URL ;;
        redis) say REDIS_URL ;;
    esac
}

# Succeeds when the user gave a service of their own. `make` hands our private URLs down to its children, and those
# must not count as the user's: hence the look at the URL, not at whether the variable is set. The same URL while nothing
# of ours is up and something listens there (a compose file with our ports, say) is the user's after all.
user_gave() {
    local variable url
    variable="$(url_variable "$1")"
    url="${!variable:-}"
    [[ -n "$url" ]] || return 1
    [[ "$url" != "$(private_prefix "$1")"* ]] || { ! noted_port "$1" >/dev/null && port_listened "$(port_of "$1")"; }
}

# Sets what is not set yet to our private instances.
export_urls() {
    export DATABASE_URL="${DATABASE_URL:-$(private_prefix postgres)orderflow}"
    export TEST_DATABASE_URL="${TEST_DATABASE_URL:-$(test_database_url)}"
    export RABBITMQ_URL="${RABBITMQ_URL:-$(private_prefix rabbitmq)orderflow}"
    user_gave rabbitmq || export RABBITMQ_MANAGEMENT_URL="${RABBITMQ_MANAGEMENT_URL:-$(private_management_url)}"
    export REDIS_URL="${REDIS_URL:-$(private_prefix redis)0}"
}

# with_database postgres://u:p@host/shop?sslmode=require NAME -> postgres://u:p@host/NAME?sslmode=require
with_database() {
    local base="${1%%\?*}" query=""
    [[ "$1" == *\?* ]] && query="?${1#*\?}"
    [[ "$base" == *://*/* ]] || base="$base/"
    say "${base%/*}/$2$query"
}
database_of() {
    local base="${1%%\?*}"
    [[ "$base" != *://*/* ]] || say "${base##*/}"
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
