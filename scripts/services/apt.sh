# shellcheck shell=bash
# Installs missing packages of the distribution, without starting or enabling the services they contain.

POLICY=/usr/sbin/policy-rc.d
POLICY_MARK="# written by orderflow for the duration of one apt-get run"
CLUSTER_DEFAULTS=/etc/postgresql-common/createcluster.conf

# Installs the packages of the named tools and services. Does not call apt when all of them are present.
install_missing() {
    local packages=() name
    for name in "$@"; do
        package_present "$name" || packages+=("$(package_of "$name")")
    done
    ((${#packages[@]})) || return 0
    as_root true 2>/dev/null || fail "packages are missing, and installing them needs root or sudo; please run:
    sudo apt-get install --no-install-recommends ${packages[*]}"
    command -v apt-get >/dev/null ||
        fail "apt-get is not available; please install these packages by other means: ${packages[*]}"
    print "packages: installing ${packages[*]}"
    apt_install "${packages[@]}"
}

package_of() {
    case "$1" in
        postgres | replica) print postgresql ;;
        psql) print postgresql-client ;;
        rabbitmq) print rabbitmq-server ;;
        redis) print redis-server ;;
        cc) print build-essential ;;
        chromedriver) print chromium-driver ;;
        *) print "$1" ;;
    esac
}
package_present() {
    case "$1" in
        postgres | replica) postgres_present ;;
        rabbitmq) rabbitmq_present ;;
        redis) redis_present ;;
        chromium) command -v chromium >/dev/null || command -v google-chrome >/dev/null ;;
        *) command -v "$1" >/dev/null ;;
    esac
}

as_root() {
    if ((EUID == 0)); then "$@"; else sudo --non-interactive "$@"; fi
}

# A subshell: its EXIT trap removes the guards in every case, and does not replace the trap of the calling script.
apt_install() (
    trap remove_guards EXIT
    trap 'exit 130' INT TERM
    guard_service_starts "$@"
    quietly apt-get update || print "packages: apt-get update failed; using the package lists of this machine"
    if [[ " $* " == *" postgresql "* ]]; then
        quietly apt-get install --yes --no-install-recommends postgresql-common ||
            fail "apt-get could not install postgresql-common"
        guard_main_cluster
    fi
    quietly apt-get install --yes --no-install-recommends "$@" || fail "apt-get could not install $*"
    disable_at_boot "$@"
)

# Shows apt's output only when it fails.
quietly() {
    local output
    output="$(as_root env DEBIAN_FRONTEND=noninteractive "$@" --option DPkg::Lock::Timeout=300 2>&1 </dev/null)" &&
        return 0
    printf '%s\n' "$output" | tail --lines=30 >&2
    return 1
}

# Debian starts a service on installation, unless policy-rc.d exits with 101. A policy of the machine is not replaced.
guard_service_starts() {
    if [[ ! -e "$POLICY" ]] || grep --quiet --line-regexp --fixed-strings "$POLICY_MARK" "$POLICY"; then
        printf '#!/bin/sh\n%s\nexit 101\n' "$POLICY_MARK" | as_root tee "$POLICY" >/dev/null
        as_root chmod 755 "$POLICY"
    else
        local answer=0
        as_root "$POLICY" rabbitmq-server start >/dev/null 2>&1 || answer=$?
        ((answer == 101)) ||
            fail "$POLICY of this machine lets packages start their services; please install by hand: $*"
    fi
}

# Debian's Postgres package creates and enables a cluster, unless configured otherwise. The setting is restored
# afterwards.
guard_main_cluster() {
    [[ -f "$CLUSTER_DEFAULTS" && ! -e "$CLUSTER_DEFAULTS.orderflow" ]] || return 0
    as_root cp --preserve "$CLUSTER_DEFAULTS" "$CLUSTER_DEFAULTS.orderflow"
    print "create_main_cluster = false" | as_root tee --append "$CLUSTER_DEFAULTS" >/dev/null
}

remove_guards() {
    [[ ! -e "$CLUSTER_DEFAULTS.orderflow" ]] || as_root mv "$CLUSTER_DEFAULTS.orderflow" "$CLUSTER_DEFAULTS"
    ! grep --quiet --line-regexp --fixed-strings "$POLICY_MARK" "$POLICY" 2>/dev/null || as_root rm --force "$POLICY"
}

# Otherwise systemd would start these services at the next boot, though only this project uses them.
disable_at_boot() {
    local units=()
    command -v systemctl >/dev/null || return 0
    [[ " $* " == *" rabbitmq-server "* ]] && units+=(rabbitmq-server.service epmd.service epmd.socket)
    [[ " $* " == *" redis-server "* ]] && units+=(redis-server.service)
    [[ " $* " == *" pgbouncer "* ]] && units+=(pgbouncer.service)
    local unit
    for unit in "${units[@]}"; do
        as_root systemctl --quiet disable "$unit" >/dev/null 2>&1 || true
    done
}
