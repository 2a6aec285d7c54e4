#!/usr/bin/env bash
# Holds what api, worker and scheduler show at /metrics against Prometheus's own rules: `promtool check metrics`, of which
# no complaint is let pass. The stack must be up (make up). A missing promtool is taken from the distribution's package
# without installing it, since that would bring a server: it is unpacked under .local/.
set -euo pipefail

SCRIPTS="$(dirname "${BASH_SOURCE[0]}")"
for part in lib/settings lib/process services/apt; do
    # shellcheck source=/dev/null
    source "$SCRIPTS/$part.sh"
done
UNPACKED="$LOCAL/prometheus"
DOWNLOAD_LIMIT_SECONDS=300

main() {
    local promtool name bad=()
    load_dotenv
    promtool="$(find_promtool)"
    for name in api worker scheduler; do
        check "$promtool" "$name" || bad+=("$name")
    done
    ((${#bad[@]} == 0)) || fail "metrics that Prometheus complains of: ${bad[*]}"
}

find_promtool() {
    command -v promtool && return
    [[ -x "$UNPACKED/usr/bin/promtool" ]] || unpack_promtool
    say "$UNPACKED/usr/bin/promtool"
}
unpack_promtool() {
    command -v apt-get >/dev/null || fail "there is no promtool here, and no apt-get to get it with"
    say "promtool: unpacking Debian's package prometheus under .local/" >&2
    rm --recursive --force "$UNPACKED"
    mkdir --parents "$UNPACKED/download"
    download || { quietly apt-get update && download; } || fail "promtool: apt-get could not download prometheus"
    dpkg-deb --extract "$UNPACKED"/download/prometheus_*.deb "$UNPACKED"
    rm --recursive --force "$UNPACKED/download"
}
# As whoever we are: it needs no rights, and root's download sandbox may not write where we stand.
download() {
    (cd "$UNPACKED/download" && timeout "$DOWNLOAD_LIMIT_SECONDS" \
        apt-get download --option APT::Sandbox::User=root prometheus >/dev/null 2>&1)
}

check() {
    local promtool="$1" name="$2" text series complaints
    text="$(curl --silent --show-error --fail --max-time 10 --noproxy '*' "$(metrics_url "$name")")" ||
        fail "$name: nothing at $(metrics_url "$name"); is the stack up (make up)?"
    series="$(grep --count --invert-match '^#' <<<"$text")"
    complaints="$("$promtool" check metrics <<<"$text" 2>&1)" && [[ -z "$complaints" ]] &&
        { say "$name: $series series, no complaint"; return; }
    printf '%s: %s series\n%s\n' "$name" "$series" "$complaints" >&2
    return 1
}
metrics_url() {
    case "$1" in
        api) say "http://$(reachable "${API_HOST:-}"):${API_PORT:-8000}/metrics" ;;
        worker) say "http://$(reachable "${METRICS_HOST:-}"):${WORKER_METRICS_PORT:-9101}/metrics" ;;
        scheduler) say "http://$(reachable "${METRICS_HOST:-}"):${SCHEDULER_METRICS_PORT:-9102}/metrics" ;;
    esac
}
# Whoever listens everywhere listens on loopback too.
reachable() { case "$1" in "" | 0.0.0.0 | ::) say 127.0.0.1 ;; *:*) say "[$1]" ;; *) say "$1" ;; esac; }

main
