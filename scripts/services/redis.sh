# shellcheck shell=bash disable=SC2034
# The private Redis. It holds caches and rate limits only, so nothing is persisted.

redis_user=redis
redis_marker() { print "redis-server 127.0.0.1:$(port_of redis)"; }
redis_ports() { port_of redis; }
redis_stop_signal=TERM

redis_present() { command -v redis-server >/dev/null && command -v redis-cli >/dev/null; }
redis_prepare() { :; }

redis_launch() {
    launch_service redis "$1" "$(command -v redis-server)" --bind 127.0.0.1 --port "$(port_of redis)" \
        --daemonize no --dir "$1" --save "" --appendonly no
}

redis_ready() { [[ "$(redis-cli -h 127.0.0.1 -p "$(port_of redis)" ping 2>/dev/null)" == PONG ]]; }
redis_after_ready() { :; }
redis_after_stop() { :; }
