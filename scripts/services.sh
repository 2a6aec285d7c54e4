#!/usr/bin/env bash
# Runs Postgres, RabbitMQ and Redis as private instances: own ports, loopback only, data under .local/. The system's own
# services are not touched. No instance is started for a service that DATABASE_URL, RABBITMQ_URL or REDIS_URL names.
set -euo pipefail

SCRIPTS="$(dirname "${BASH_SOURCE[0]}")"
for part in lib/settings lib/process services/{common,ports,apt,postgres,rabbitmq,redis,pgbouncer,replica}; do
    # shellcheck source=/dev/null
    source "$SCRIPTS/$part.sh"
done
ALL=(postgres redis rabbitmq)
# Started by name only.
OPTIONAL=(pgbouncer replica)

usage() {
    cat <<'TEXT'
usage: scripts/services.sh VERB [postgres|rabbitmq|redis|pgbouncer|replica ...]
  up [NAME...]       install missing packages, create, start and wait until ready (the first three by default)
  down               stop all private instances
  status             list the services and their addresses
  env                print the URLs in use as `export` lines
  start NAME         start again after `stop`, or after the process was killed
  stop NAME          stop one
  restart NAME       stop and start one
  renew NAME         stop one, remove its data, and start it on the same port
  wipe [NAME...]     stop and remove the data (all by default)
  install            only install missing packages
  install-browser    install Chromium and its driver, which one test needs
  install-shellcheck install shellcheck, which `make check` needs
  rabbitmqctl ...    run rabbitmqctl against the private broker
TEXT
}

up() {
    local name
    install_required "$@"
    for name in "$@"; do
        if is_external "$name"; then
            check_external "$name"
        else
            service_pid "$name" >/dev/null || rm --force "$RUN/$name.port"
            start_service "$name"
        fi
    done
}
# Packages of the private instances only; an external database still needs psql.
install_required() {
    local name needed=(curl)
    for name in "$@"; do
        if ! is_external "$name"; then needed+=("$name"); elif [[ "$name" == postgres ]]; then needed+=(psql); fi
    done
    install_missing "${needed[@]}"
}

down() {
    local name
    for name in replica pgbouncer rabbitmq redis postgres; do
        stop_service "$name"
        rm --force "$RUN/$name.port"
    done
}

status() {
    local name pid
    for name in "${ALL[@]}" "${OPTIONAL[@]}"; do
        if is_external "$name"; then
            (check_external "$name") || true
        elif pid="$(service_pid "$name")"; then
            print "$name: running on 127.0.0.1:$(port_of "$name"), pid $pid"
        else
            print "$name: not running"
        fi
    done
}

# Fails for external services: a fault test must not pass because its restart did nothing.
for_each_private() {
    local action="$1" name
    shift
    (($#)) || fail "name a service: ${ALL[*]}"
    for name in "$@"; do
        ! is_external "$name" ||
            fail "$name is external ($(url_variable "$name") is set); it is neither started nor stopped here"
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
    print "$port" >"$RUN/$1.port"
    start_service "$1"
}

wipe() {
    local name
    for name in "$@"; do wipe_service "$name"; done
}

run_rabbitmqctl() {
    local environment data
    data="$(ensure_data_directory rabbitmq)"
    mapfile -d '' environment < <(rabbitmq_environment "$data")
    # shellcheck disable=SC2154 # from services/rabbitmq.sh
    as_service rabbitmq "${environment[@]}" "$rabbitmq_bin/rabbitmqctl" "$@"
}

check_names() {
    local name
    for name in "$@"; do
        [[ " ${ALL[*]} ${OPTIONAL[*]} " == *" $name "* ]] ||
            fail "unknown service: $name; use one of: ${ALL[*]} ${OPTIONAL[*]}"
    done
}

# Two `make` runs at the same time must not start a service twice.
lock() {
    mkdir --parents "$RUN"
    exec {LOCK}>"$RUN/services.lock"
    flock --wait 600 "$LOCK" || fail "another scripts/services.sh has held the lock for ten minutes"
}

main() {
    local verb="${1:-}"
    shift || true
    load_dotenv
    case "$verb" in up | start | stop | restart | renew | wipe) check_names "$@" ;; esac
    case "$verb" in up | down | start | stop | restart | renew | wipe | install | install-browser | install-shellcheck) lock ;; esac
    case "$verb" in
        up) (($#)) || set -- "${ALL[@]}"; up "$@" ;;
        down) down ;;
        status) status ;;
        env) print_urls ;;
        start) for_each_private start_service "$@" ;;
        stop) for_each_private stop_service "$@" ;;
        restart) for_each_private restart_service "$@" ;;
        renew) for_each_private renew_service "$@" ;;
        wipe) (($#)) || set -- "${OPTIONAL[@]}" "${ALL[@]}"; wipe "$@" ;;
        install) install_required "${ALL[@]}" ;;
        install-browser) install_missing chromium chromedriver ;;
        install-shellcheck) install_missing shellcheck ;;
        rabbitmqctl) run_rabbitmqctl "$@" ;;
        help | --help | -h) usage ;;
        *) usage >&2; exit 2 ;;
    esac
}
main "$@"
