#!/usr/bin/env bash
# Runs `promtool check metrics` on /metrics of api, worker and scheduler; any finding fails. The stack must be up (make
# up). When promtool is missing, the distribution's package is downloaded and unpacked under .local/. It is not
# installed, since it would start a Prometheus server.
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
    ((${#bad[@]} == 0)) || fail "promtool has findings for: ${bad[*]}"
}

find_promtool() {
    command -v promtool && return
    [[ -x "$UNPACKED/usr/bin/promtool" ]] || unpack_promtool
    print "$UNPACKED/usr/bin/promtool"
}
unpack_promtool() {
    command -v apt-get >/dev/null || fail "promtool is missing, and there is no apt-get to download it"
    print "promtool: unpacking Debian's package prometheus under .local/" >&2
    rm --recursive --force "$UNPACKED"
    mkdir --parents "$UNPACKED/download"
    download || { quietly apt-get update && download; } || fail "promtool: apt-get could not download prometheus"
    dpkg-deb --extract "$UNPACKED"/download/prometheus_*.deb "$UNPACKED"
    rm --recursive --force "$UNPACKED/download"
}
# Without root's download sandbox, whose user may have no write access to the current directory.
download() {
    (cd "$UNPACKED/download" && timeout "$DOWNLOAD_LIMIT_SECONDS" \
        apt-get download --option APT::Sandbox::User=root prometheus >/dev/null 2>&1)
}

check() {
    local promtool="$1" name="$2" text series findings
    text="$(curl --silent --show-error --fail --max-time 10 --noproxy '*' "$(metrics_url "$name")")" ||
        fail "$name: no response from $(metrics_url "$name"); is the stack up (make up)?"
    series="$(grep --count --invert-match '^#' <<<"$text")"
    findings="$("$promtool" check metrics <<<"$text" 2>&1)" && [[ -z "$findings" ]] &&
        { print "$name: $series series, no findings"; return; }
    printf '%s: %s series\n%s\n' "$name" "$series" "$findings" >&2
    return 1
}
metrics_url() {
    case "$1" in
        api) print "http://$(reachable "${API_HOST:-}"):${API_PORT:-8000}/metrics" ;;
        worker) print "http://$(reachable "${METRICS_HOST:-}"):${WORKER_METRICS_PORT:-9101}/metrics" ;;
        scheduler) print "http://$(reachable "${METRICS_HOST:-}"):${SCHEDULER_METRICS_PORT:-9102}/metrics" ;;
    esac
}
# A process that listens on all addresses is reachable on loopback.
reachable() { case "$1" in "" | 0.0.0.0 | ::) print 127.0.0.1 ;; *:*) print "[$1]" ;; *) print "$1" ;; esac; }

main
