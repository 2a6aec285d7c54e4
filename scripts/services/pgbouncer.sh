# shellcheck shell=bash disable=SC2016,SC2034
# PgBouncer in transaction mode in front of the tests' Postgres. Only tests need it, so `up` without a name leaves it out.

pgbouncer_user=postgres
pgbouncer_marker() { print "$(data_path pgbouncer)/pgbouncer.ini"; }
pgbouncer_ports() { port_of pgbouncer; }
pgbouncer_stop_signal=TERM

pgbouncer_present() { command -v pgbouncer >/dev/null; }

# Debian 12 has version 1.18, which does not know prepared statements. So statements end with their transaction, and
# processes must be started with DATABASE_STATEMENT_CACHE=0.
pgbouncer_prepare() {
    local data="$1" url="${TEST_DATABASE_URL:-$(private_prefix postgres)orderflow_test}" login host port
    login="${url#*://}" login="${login%%@*}"
    read -r host port < <(host_and_port "$url")
    as_service pgbouncer sh -c 'umask 077; cat >"$1/users.txt"' sh "$data" <<<"\"${login%%:*}\" \"${login#*:}\""
    as_service pgbouncer sh -c 'cat >"$1/pgbouncer.ini"' sh "$data" <<TEXT
[databases]
* = host=$host port=$port
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $(port_of pgbouncer)
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $data/users.txt
pool_mode = transaction
max_client_conn = 1000
default_pool_size = 20
server_reset_query = DEALLOCATE ALL
server_reset_query_always = 1
TEXT
}

pgbouncer_launch() { launch_service pgbouncer "$1" "$(command -v pgbouncer)" "$1/pgbouncer.ini"; }

pgbouncer_ready() { accepts 127.0.0.1 "$(port_of pgbouncer)"; }
pgbouncer_after_ready() { :; }
pgbouncer_after_stop() { :; }
