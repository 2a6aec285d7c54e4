#!/usr/bin/env bash
# Postgres, RabbitMQ and Redis as private instances: own ports, loopback only, data under .local/, nothing of the system's
# touched. Where DATABASE_URL, RABBITMQ_URL or REDIS_URL name a service of yours, that one is used and none is started.
set -euo pipefail

SCRIPTS="$(dirname "${BASH_SOURCE[0]}")"
for part in lib/settings lib/process services/{common,ports,apt,postgres,rabbitmq,redis}; do
    # shellcheck source=/dev/null
    source "$SCRIPTS/$part.sh"
done
ALL=(postgres redis rabbitmq)

usage() {
    cat <<'TEXT'
usage: scripts/services.sh VERB [postgres|rabbitmq|redis ...]
  up [NAME...]       install what is missing, make, start and wait until ready (all by default)
  down               stop all that we started
  status             what runs where
  env                print the URLs in force as `export` lines
  start NAME         start again after `stop`, or after the process was killed
  stop NAME          stop one
  restart NAME       stop and start one
  renew NAME         stop one, remove its data, and start it on the same port
  wipe [NAME...]     stop and remove the data (all by default)
  install            only install the missing packages
  install-browser    install Chromium and its driver, which only a test needs
  rabbitmqctl ...    rabbitmqctl of our broker
TEXT
}

up() {
    local name
    install_missing_of "$@"
    for name in "$@"; do
        if user_gave "$name"; then
            check_given "$name"
        else
            service_pid "$name" >/dev/null || rm --force "$RUN/$name.port"
            start_service "$name"
        fi
    done
}
# Only what must run here; a database of the user's own still needs psql.
install_missing_of() {
    local name needed=(curl)
    for name in "$@"; do
        if ! user_gave "$name"; then needed+=("$name"); elif [[ "$name" == postgres ]]; then needed+=(psql); fi
    done
    install_missing "${needed[@]}"
}

down() {
    local name
    for name in rabbitmq redis postgres; do
        stop_service "$name"
        rm --force "$RUN/$name.port"
    done
}

status() {
    local name pid
    for name in "${ALL[@]}"; do
        if user_gave "$name"; then
            (check_given "$name") || true
        elif pid="$(service_pid "$name")"; then
            say "$name: runs on 127.0.0.1:$(port_of "$name"), pid $pid"
        else
            say "$name: not running"
        fi
    done
}

# A fault test that believes it restarted the broker must not pass because nothing happened.
for_each_private() {
    local action="$1" name
    shift
    (($#)) || fail "which service? one of: ${ALL[*]}"
    for name in "$@"; do
        ! user_gave "$name" || fail "$name is yours ($(url_variable "$name") is set); we neither start nor stop it"
        "$action" "$name"
    done
}
restart_service() {
    stop_service "$1"
    start_service "$1"
}

renew_service() {
    local port
    port="$(port_of "$1")"
    wipe_service "$1"
    say "$port" >"$RUN/$1.port"
    start_service "$1"
}

wipe() {
    local name
    for name in "$@"; do wipe_service "$name"; done
}

our_rabbitmqctl() {
    local environment data
    data="$(data_directory rabbitmq)"
    mapfile -d '' environment < <(rabbitmq_environment "$data")
    # shellcheck disable=SC2154 # from services/rabbitmq.sh
    as_service rabbitmq "${environment[@]}" "$rabbitmq_bin/rabbitmqctl" "$@"
}

check_names() {
    local name
    for name in "$@"; do
        [[ " ${ALL[*]} " == *" $name "* ]] || fail "no such service: $name (there are: ${ALL[*]})"
    done
}

# Two `make` at once must not start the same service twice.
lock() {
    mkdir --parents "$RUN"
    exec {LOCK}>"$RUN/services.lock"
    flock --wait 600 "$LOCK" || fail "another scripts/services.sh has been busy here for ten minutes"
}

main() {
    local verb="${1:-}"
    shift || true
    load_dotenv
    case "$verb" in up | start | stop | restart | renew | wipe) check_names "$@" ;; esac
    case "$verb" in up | down | start | stop | restart | renew | wipe | install | install-browser) lock ;; esac
    case "$verb" in
        up) (($#)) || set -- "${ALL[@]}"; up "$@" ;;
        down) down ;;
        status) status ;;
        env) print_urls ;;
        start) for_each_private start_service "$@" ;;
        stop) for_each_private stop_service "$@" ;;
        restart) for_each_private restart_service "$@" ;;
        renew) for_each_private renew_service "$@" ;;
        wipe) (($#)) || set -- "${ALL[@]}"; wipe "$@" ;;
        install) install_missing_of "${ALL[@]}" ;;
        install-browser) install_missing chromium chromedriver ;;
        rabbitmqctl) our_rabbitmqctl "$@" ;;
        help | --help | -h) usage ;;
        *) usage >&2; exit 2 ;;
    esac
}
main "$@"
