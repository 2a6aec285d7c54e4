#!/usr/bin/env bash
# Starts the stack of docker-compose.yml from nothing in production, with passwords of its own in .env, and takes the
# walk of scripts/production_walk.sh there. Called by scripts/compose_test.sh, which has built the image.
#
# usage: scripts/compose/production.sh DIRECTORY      a copy of the checkout; its .env is replaced
set -euo pipefail

SCRIPTS="$(dirname "${BASH_SOURCE[0]}")/.."
for part in settings compose; do
    # shellcheck source=/dev/null
    source "$SCRIPTS/lib/$part.sh"
done
SERVICES=(postgres redis rabbitmq api worker scheduler)
ONE_SHOT=(migrate broker seed)
HEALTHY_LIMIT_SECONDS=180

main() {
    local orderctl
    (($# == 1)) || fail "usage: scripts/compose/production.sh DIRECTORY"
    find_compose "orderflow-production-$$" "$1"
    trap cleanup EXIT
    isolate_settings
    write_dotenv >"$DIRECTORY/.env"
    compose up --detach
    wait_for 0 "$HEALTHY_LIMIT_SECONDS" "${ONE_SHOT[@]}"
    wait_for healthy "$HEALTHY_LIMIT_SECONDS" "${SERVICES[@]}"
    # As README.md gives it, and with the project's directory, because the walk runs elsewhere.
    orderctl=("${COMPOSE[@]}" --project-directory "$DIRECTORY" --file "$DIRECTORY/docker-compose.yml"
        --env-file "$DIRECTORY/.env" run --rm -T migrate orderctl)
    refuse_known_password
    refuse_redis_without_password
    "$SCRIPTS/production_walk.sh" "http://127.0.0.1:$API_PORT" "${orderctl[@]}"
}

# The environment wins over .env, so it must have nothing of the stack that was tested before.
isolate_settings() {
    unset ORDERFLOW_ENV "${!CARRIER_@}"
    API_PORT="$(free_port 28100)"
    ORDERFLOW_RABBITMQ_MANAGEMENT_PORT="$(free_port 28772)"
    export API_PORT ORDERFLOW_RABBITMQ_MANAGEMENT_PORT ORDERFLOW_IMAGE="${ORDERFLOW_IMAGE:-orderflow:test}"
}

# The settings of "Production" in README.md.
write_dotenv() {
    local name
    print "ORDERFLOW_ENV=production"
    for name in SECRET_KEY MESSAGE_SIGNING_KEY {POSTGRES,POSTGRES_PROCESSES,REDIS,RABBITMQ}_PASSWORD RABBITMQ_{API,WORKER,SCHEDULER}_PASSWORD; do
        print "$name=$(random_hex)"
    done
    print "API_TRUSTED_PROXIES=0"
    print "CARRIER=manual"
    print "ALLOW_SIMULATED_PROVIDERS=true"
}
random_hex() { head --bytes=32 /dev/urandom | od --address-radix=n --format=x1 | tr --delete ' \n'; }

refuse_known_password() {
    local output
    ! output="$(POSTGRES_PROCESSES_PASSWORD=orderflow compose run --rm -T --no-deps migrate orderctl migrate 2>&1)" ||
        fail "production accepts a password that everybody knows"
    grep --quiet "password that everybody knows" <<<"$output" || fail "orderctl migrate failed otherwise: $output"
    print "a password that everybody knows is refused"
}

refuse_redis_without_password() {
    local answer
    answer="$(compose exec -T --env REDISCLI_AUTH= redis redis-cli ping 2>&1)" || true
    grep --quiet NOAUTH <<<"$answer" || fail "Redis answers without its password: $answer"
    print "Redis asks for its password"
}

cleanup() {
    local code=$?
    ((code == 0)) || show_logs_of_failed "${ONE_SHOT[@]}" "${SERVICES[@]}" >&2
    compose_down
    exit "$code"
}

main "$@"
