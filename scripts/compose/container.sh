#!/usr/bin/env bash
# Restarts a service in its container, for the fault tests. The service is ready when this returns.
set -euo pipefail

# shellcheck source=scripts/lib/settings.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/settings.sh"
READY_LIMIT_SECONDS=60

usage() {
    cat <<'TEXT'
usage: scripts/compose/container.sh VERB CONTAINER
  restart CONTAINER           stop and start
  wipe CONTAINER DIRECTORY    stop, delete everything in the directory of a volume, start
TEXT
}

wipe() {
    local container="$1" directory="$2" image
    docker stop "$container" >/dev/null
    image="$(docker inspect --format '{{.Image}}' "$container")"
    docker run --rm --user root --volumes-from "$container" --entrypoint find "$image" "$directory" -mindepth 1 -delete
    docker start "$container" >/dev/null
}

# Runs the container's health check directly: docker runs it too rarely for the tests.
wait_ready() {
    local container="$1" check deadline=$((SECONDS + READY_LIMIT_SECONDS))
    mapfile -t check < <(docker inspect \
        --format '{{range $index, $word := .Config.Healthcheck.Test}}{{if $index}}{{println $word}}{{end}}{{end}}' \
        "$container")
    check=("${check[@]:0:${#check[@]}-1}")
    until docker exec "$container" "${check[@]}" >/dev/null 2>&1; do
        ((SECONDS < deadline)) || fail "container $container is not ready after $READY_LIMIT_SECONDS s"
        sleep 0.2
    done
}

main() {
    case "${1:-}/$#" in
        restart/2) docker restart "$2" >/dev/null ;;
        wipe/3) wipe "$2" "$3" ;;
        *) usage >&2; exit 2 ;;
    esac
    wait_ready "$2"
}
main "$@"
