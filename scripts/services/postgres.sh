# shellcheck shell=bash disable=SC2016,SC2034
# The private Postgres: prepare, launch, readiness, stop.

postgres_user=postgres
MAINTENANCE_OPTIONS="-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0"
MAINTENANCE_OPTIONS+=" -c enable_seqscan=on -c random_page_cost=4 -c jit=on"
postgres_marker() { print "cluster_name=orderflow-$INSTANCE"; }
postgres_ports() { port_of postgres; }
# SIGINT is Postgres's "fast" shutdown; SIGTERM would wait until every client has disconnected.
postgres_stop_signal=INT

# An existing cluster needs the server version that created it; a new one uses the newest version installed.
postgres_bin() {
    local version="" newest
    version="$(as_service postgres cat "$(data_path postgres)/cluster/PG_VERSION" 2>/dev/null)" || true
    if [[ -n "$version" ]]; then
        [[ -x "/usr/lib/postgresql/$version/bin/postgres" ]] && print "/usr/lib/postgresql/$version/bin" && return
    fi
    newest="$(printf '%s\n' /usr/lib/postgresql/*/bin/postgres | sort --version-sort | tail --lines=1)"
    [[ -x "$newest" ]] || newest="$(readlink --canonicalize "$(command -v postgres)" 2>/dev/null)"
    [[ -x "$newest" ]] && dirname "$newest"
}
postgres_present() { postgres_bin >/dev/null && command -v psql >/dev/null; }

postgres_prepare() {
    local data="$1" bin
    bin="$(postgres_bin)"
    if as_service postgres test -d "$data/cluster"; then
        check_version "$bin" "$(as_service postgres cat "$data/cluster/PG_VERSION")"
        wait_old_cluster_stopped "$data/cluster/postmaster.pid"
        return
    fi
    print orderflow | as_service postgres sh -c 'umask 077; rm -rf "$1/cluster.new"; cat >"$1/password"' sh "$data"
    # Created under another name and then renamed: an interrupted initdb leaves nothing that looks like a cluster.
    as_service postgres "$bin/initdb" --pgdata="$data/cluster.new" --username=orderflow --pwfile="$data/password" \
        --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --data-checksums >>"$LOG/postgres.log" 2>&1 ||
        { show_log_end postgres; fail "postgres: initdb failed"; }
    as_service postgres sh -c 'mv "$1/cluster.new" "$1/cluster"; rm "$1/password"' sh "$data"
}

check_version() {
    [[ "$("$1/postgres" --version) " == *" $2"[.\ a-z]* ]] ||
        fail "postgres: .local/data/postgres needs version $2;" \
            "\`scripts/services.sh wipe postgres\` deletes the directory with its data"
}

# After a kill -9 Postgres refuses to start while its lock file names an existing process, even an unreaped zombie or an
# unrelated process with the same pid. So this waits until no process of the old cluster runs, then removes such a lock.
wait_old_cluster_stopped() {
    local lock="$1" pid deadline=$((SECONDS + 10))
    pid="$(as_service postgres head --lines=1 "$lock" 2>/dev/null)" || return 0
    while cluster_is_running; do
        ((SECONDS < deadline)) || fail "postgres: processes of the previous server are still running"
        sleep 0.1
    done
    [[ ! -d "/proc/$pid" ]] || as_service postgres rm --force "$lock"
}
# The brackets keep grep from matching its own command line.
cluster_is_running() {
    grep --quiet --text --extended-regexp "(cluster_[n]ame=|postgres[:] )orderflow-$INSTANCE" \
        /proc/[0-9]*/cmdline 2>/dev/null
}

# fsync and synchronous_commit stay on, so that benchmarks and fault tests run what production runs.
# No unix socket: its path may not exceed 107 bytes, and all clients use TCP.
postgres_launch() {
    local data="$1" wal_compression=lz4 version
    # Before version 15 wal_compression is only on or off.
    version="$("$(postgres_bin)/postgres" --version | awk '{ print int($3) }')"
    ((version >= 15)) || wal_compression=on
    launch_service postgres "$data" "$(postgres_bin)/postgres" -D "$data/cluster" -p "$(port_of postgres)" \
        -c "cluster_name=orderflow-$INSTANCE" \
        -c listen_addresses=127.0.0.1 \
        -c unix_socket_directories= \
        -c max_connections=300 \
        -c shared_buffers=256MB \
        -c max_wal_size=2GB \
        -c "wal_compression=$wal_compression"
}

postgres_ready() {
    "$(postgres_bin)/pg_isready" --quiet --host=127.0.0.1 --port="$(port_of postgres)" &&
        [[ "$(private_psql postgres --command='select 1' 2>/dev/null)" == 1 ]]
}

postgres_after_ready() {
    local database
    for database in orderflow orderflow_test; do
        [[ -n "$(private_psql postgres --command="select 1 from pg_database where datname = '$database'")" ]] ||
            private_psql postgres --command="create database $database" >/dev/null
    done
}
postgres_after_stop() { :; }

# Without the limits that `orderctl migrate` gives to the sessions of the user.
private_psql() {
    PGOPTIONS="$MAINTENANCE_OPTIONS" psql "$(private_prefix postgres)$1" --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "${@:2}"
}
