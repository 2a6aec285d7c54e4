# shellcheck shell=bash disable=SC2016,SC2034
# A streaming replica of the private Postgres. Only tests need it, so `up` without a name leaves it out. It is copied
# anew at each start: a copy that was stopped for long would not find the log that it needs.

replica_user=postgres
replica_marker() { print "cluster_name=replica-$INSTANCE"; }
replica_ports() { port_of replica; }
replica_stop_signal=INT

replica_present() { postgres_present; }

replica_prepare() {
    local data="$1"
    as_service replica sh -c 'rm -rf "$1/cluster"' sh "$data"
    as_service replica env PGPASSWORD=orderflow "$(postgres_bin)/pg_basebackup" --pgdata="$data/cluster" \
        --host=127.0.0.1 --port="$(port_of postgres)" --username=orderflow --write-recovery-conf --wal-method=stream \
        --checkpoint=fast >>"$LOG/replica.log" 2>&1 || { show_log_end replica; fail "replica: the copy failed"; }
}

replica_launch() {
    launch_service replica "$1" "$(postgres_bin)/postgres" -D "$1/cluster" -p "$(port_of replica)" \
        -c "cluster_name=replica-$INSTANCE" \
        -c listen_addresses=127.0.0.1 \
        -c unix_socket_directories= \
        -c max_connections=300
}

replica_ready() {
    [[ "$(psql "$(private_prefix replica)postgres" --no-psqlrc --quiet --tuples-only --no-align \
        --command='select pg_is_in_recovery()' 2>/dev/null)" == t ]]
}
replica_after_ready() { :; }
replica_after_stop() { :; }
