# shellcheck shell=bash disable=SC2016,SC2034
# The private RabbitMQ with its management UI, and the epmd (Erlang's name server) that it needs.
# Works with Debian 12's 3.10 and with 4.x.

rabbitmq_user=rabbitmq epmd_user=rabbitmq
rabbitmq_marker() { print "-orderflow_instance $INSTANCE"; }
rabbitmq_ports() {
    port_of rabbitmq
    port_of management
    port_of epmd
    port_of distribution
}
rabbitmq_stop_signal=TERM
epmd_marker() { print "epmd -address 127.0.0.1 -port $(port_of epmd)"; }

# Not /usr/sbin/rabbitmq-server: Debian's wrapper always uses the data and logs of the system's broker.
rabbitmq_bin=/usr/lib/rabbitmq/bin
rabbitmq_present() { [[ -x "$rabbitmq_bin/rabbitmq-server" ]] && command -v epmd curl >/dev/null; }

rabbitmq_prepare() {
    local data="$1"
    write_file "$data/rabbitmq.conf" <<CONF
# Written by scripts/services/rabbitmq.sh at every start; edits are lost.
listeners.tcp.1 = 127.0.0.1:$(port_of rabbitmq)
management.tcp.ip = 127.0.0.1
management.tcp.port = $(port_of management)
default_vhost = orderflow
default_user = orderflow
default_pass = orderflow
default_user_tags.administrator = true
log.console = true
log.console.level = info
log.console.use_colors = off
log.file = false
# The default lets the quorum queues' log grow to 512 MB before it is compacted.
raft.wal_max_size_bytes = 64000000
CONF
    write_file "$data/enabled_plugins" <<<'[rabbitmq_management].'
    # Empty, so that the settings of the system's broker have no effect.
    write_file "$data/rabbitmq-env.conf" </dev/null
    write_file "$data/advanced.config" <<<'[].'
}
write_file() { as_service rabbitmq sh -c 'cat >"$1"' sh "$1"; }

rabbitmq_environment() {
    local data="$1"
    printf '%s\0' \
        "HOME=$data" \
        "ERL_EPMD_ADDRESS=127.0.0.1" \
        "ERL_EPMD_PORT=$(port_of epmd)" \
        "ERL_CRASH_DUMP_SECONDS=0" \
        "RABBITMQ_NODENAME=orderflow@localhost" \
        "RABBITMQ_DIST_PORT=$(port_of distribution)" \
        "RABBITMQ_CONF_ENV_FILE=$data/rabbitmq-env.conf" \
        "RABBITMQ_CONFIG_FILE=$data/rabbitmq.conf" \
        "RABBITMQ_ADVANCED_CONFIG_FILE=$data/advanced.config" \
        "RABBITMQ_ENABLED_PLUGINS_FILE=$data/enabled_plugins" \
        "RABBITMQ_MNESIA_BASE=$data/mnesia" \
        "RABBITMQ_GENERATED_CONFIG_DIR=$data/config" \
        "RABBITMQ_SCHEMA_DIR=$data/schema" \
        "RABBITMQ_LOG_BASE=$data/log" \
        "RABBITMQ_PID_FILE=$data/server.pid" \
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=+sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}" \
        "RABBITMQ_CTL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}"
}

rabbitmq_launch() {
    local data="$1" environment
    mapfile -d '' environment < <(rabbitmq_environment "$data")
    # Started here, so that it listens on loopback only, and so that its pid is known and it can be stopped.
    running_pid epmd "$(epmd_marker)" >/dev/null ||
        launch_service epmd "$data" "$(command -v epmd)" -address 127.0.0.1 -port "$(port_of epmd)"
    as_service rabbitmq rm --force "$data/server.pid"
    # Erlang ignores the argument; it identifies this process among other brokers.
    launch_service rabbitmq "$data" "${environment[@]}" "$rabbitmq_bin/rabbitmq-server" -orderflow_instance "$INSTANCE"
}

# The start script stays as the parent of the Erlang VM. The VM writes its own pid to a file: that one is recorded.
rabbitmq_record_pid() {
    local pid
    pid="$(as_service rabbitmq cat "$(data_path rabbitmq)/server.pid" 2>/dev/null)" || return 1
    process_has "$pid" "$(rabbitmq_marker)" && print "$pid" >"$RUN/rabbitmq.pid"
}

rabbitmq_ready() {
    rabbitmq_record_pid && accepts 127.0.0.1 "$(port_of rabbitmq)" &&
        curl --silent --fail --max-time 5 --noproxy '*' --output /dev/null \
            "http://orderflow:orderflow@127.0.0.1:$(port_of management)/api/vhosts/orderflow"
}
rabbitmq_after_ready() { :; }
# epmd is a process of its own, started by rabbitmq_launch, so it does not end with the broker.
rabbitmq_after_stop() { stop_process epmd "$(epmd_marker)" TERM "$STOP_LIMIT_SECONDS"; }
