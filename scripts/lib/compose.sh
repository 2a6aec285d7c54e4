# shellcheck shell=bash
# Runs the stack of docker-compose.yml as a separate compose project. Sourced, never run.

DOWN_LIMIT_SECONDS=30

# find_compose PROJECT DIRECTORY: selects the project that every function below works on.
find_compose() {
    PROJECT="$1" DIRECTORY="$2"
    docker info >/dev/null 2>&1 || fail "needs a running Docker engine that you may use (try: docker info)"
    # The compose plugin of docker, or the older stand-alone program.
    COMPOSE=(docker compose)
    docker compose version >/dev/null 2>&1 || COMPOSE=(docker-compose)
    command -v "${COMPOSE[0]}" >/dev/null || fail "needs docker compose"
    export COMPOSE_PROJECT_NAME="$PROJECT"
}
# use_compose PROJECT FILE...: the same for compose files of this checkout.
use_compose() {
    local file
    find_compose "$1" "$ROOT"
    # Not the user's .env: it configures their own stack.
    NO_DOTENV="$(mktemp)"
    COMPOSE+=(--env-file "$NO_DOTENV")
    for file in "${@:2}"; do COMPOSE+=(--file "$ROOT/$file"); done
}
compose() { (cd "$DIRECTORY" && "${COMPOSE[@]}" "$@"); }

compose_down() {
    compose down --volumes --remove-orphans --timeout "$DOWN_LIMIT_SECONDS" >/dev/null 2>&1 ||
        print "compose down failed; list what is left with: docker ps --all --filter name=$PROJECT" >&2
    rm --force "${NO_DOTENV:-}"
}

# The container of a service, running or not. The plugin and the stand-alone program set the same labels.
container_of() {
    docker ps --all --quiet --filter "label=com.docker.compose.project=$PROJECT" \
        --filter "label=com.docker.compose.service=$1"
}

# The exit code of a container that has exited, "healthy" or another health status, else the state that docker reports.
state_of() {
    local container format
    container="$(container_of "$1")"
    [[ -n "$container" ]] || { print "missing"; return; }
    format='{{if eq .State.Status "exited"}}{{.State.ExitCode}}'
    format+='{{else if .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}'
    docker inspect --format "$format" "$container"
}

# wait_for STATE SECONDS SERVICE...
wait_for() {
    local wanted="$1" seconds="$2" deadline name state
    deadline=$((SECONDS + seconds))
    for name in "${@:3}"; do
        until state="$(state_of "$name")" && [[ "$state" == "$wanted" ]]; do
            [[ ! "$state" =~ ^[0-9]+$ ]] || fail "$name exited with code $state"
            [[ "$state" != unhealthy ]] || fail "$name is unhealthy"
            ((SECONDS < deadline)) || fail "$name is $state after $seconds s"
            sleep 0.5
        done
        print "$name: ${state/#0/done} ($SECONDS s)"
    done
}

# Logs of every container that is neither healthy nor finished; of api, worker and scheduler when there is none.
show_logs_of_failed() {
    local name state shown=""
    for name in "$@"; do
        state="$(state_of "$name")"
        [[ ! "$state" =~ ^(healthy|0)$ ]] || continue
        shown=yes
        show_container_log "$name" "$state"
    done
    [[ -z "$shown" ]] || return 0
    for name in api worker scheduler; do show_container_log "$name" healthy; done
}
show_container_log() {
    local container
    container="$(container_of "$1")"
    [[ -n "$container" ]] || return 0
    print "--- the last 40 lines of $1 ($2)"
    docker logs --tail 40 "$container" 2>&1
}
