#!/usr/bin/env bash
# Runs every test against Postgres, RabbitMQ and Redis in the containers of docker-compose.yml.
# Arguments go to `cargo test --workspace`. The containers and their data are removed at the end.
set -euo pipefail

SCRIPTS="$(dirname "${BASH_SOURCE[0]}")"
for part in settings compose; do
    # shellcheck source=/dev/null
    source "$SCRIPTS/lib/$part.sh"
done
SERVICES=(postgres redis rabbitmq)
HEALTHY_LIMIT_SECONDS=120

main() {
    use_compose "orderflow-services-$$" docker-compose.yml scripts/compose/test.yml
    trap cleanup EXIT
    POSTGRES_PORT="$(free_port 22432)" REPLICA_PORT="$(free_port 22532)" REDIS_PORT="$(free_port 22379)" RABBITMQ_PORT="$(free_port 22672)"
    ORDERFLOW_RABBITMQ_MANAGEMENT_PORT="$(free_port 22673)"
    export POSTGRES_PORT REPLICA_PORT REDIS_PORT RABBITMQ_PORT ORDERFLOW_RABBITMQ_MANAGEMENT_PORT
    unset POSTGRES_PASSWORD RABBITMQ_PASSWORD
    compose up --detach "${SERVICES[@]}"
    wait_for healthy "$HEALTHY_LIMIT_SECONDS" "${SERVICES[@]}"
    start_replica
    export_test_settings
    "$SCRIPTS/test.sh" "$@"
}

# The image lets no other host replicate.
start_replica() {
    docker exec "$(container_of postgres)" \
        sh -c 'echo "host replication all all scram-sha-256" >>"$PGDATA/pg_hba.conf" && kill -HUP 1'
    compose up --detach replica
    wait_for healthy "$HEALTHY_LIMIT_SECONDS" replica
}

export_test_settings() {
    local server="postgres://orderflow:orderflow@127.0.0.1:$POSTGRES_PORT" run="$ROOT/scripts/compose/container.sh" name
    export DATABASE_URL="$server/orderflow" TEST_DATABASE_URL="$server/orderflow_test"
    export TEST_REPLICA_URL="postgres://orderflow:orderflow@127.0.0.1:$REPLICA_PORT"
    export RABBITMQ_URL="amqp://orderflow:orderflow@127.0.0.1:$RABBITMQ_PORT/orderflow"
    export RABBITMQ_MANAGEMENT_URL="http://orderflow:orderflow@127.0.0.1:$ORDERFLOW_RABBITMQ_MANAGEMENT_PORT"
    export REDIS_URL="redis://127.0.0.1:$REDIS_PORT/0"
    for name in "${SERVICES[@]}"; do
        export "TEST_${name^^}_RESTART_COMMAND=$run restart $(container_of "$name")"
    done
    export "TEST_RABBITMQ_WIPE_COMMAND=$run wipe $(container_of rabbitmq) /var/lib/rabbitmq"
    export "TEST_RABBITMQ_EVAL_COMMAND=docker exec $(container_of rabbitmq) rabbitmqctl eval"
}

cleanup() {
    local code=$?
    compose_down
    exit "$code"
}

main "$@"
