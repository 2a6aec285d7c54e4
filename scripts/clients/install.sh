#!/usr/bin/env bash
# Installs what the tests of the clients need, under .local/clients: the packages of their lock files, and Node.js when
# this machine has none that is recent enough. Does nothing while the lock files are the installed ones.
set -euo pipefail

SCRIPTS="$(dirname "${BASH_SOURCE[0]}")/.."
for part in lib/settings services/apt; do
    # shellcheck source=/dev/null
    source "$SCRIPTS/$part.sh"
done
CLIENTS="$LOCAL/clients"
# Bruno needs it; Debian 12 has Node.js 18.
NODE_MAJOR_MIN=20

main() {
    load_dotenv
    install_missing npm
    choose_node
    install_packages typescript
    install_packages bruno
}

choose_node() {
    local node
    node="$(command -v node)" || node=""
    if ! is_recent "$node"; then
        install_packages node
        node="$(find "$CLIENTS/node/node_modules" -path '*/bin/node' -type f)"
        [[ -n "$node" ]] || fail "there is no package of Node.js for this machine: install Node.js $NODE_MAJOR_MIN or newer"
    fi
    mkdir --parents "$CLIENTS/bin"
    ln --symbolic --force --no-dereference "$node" "$CLIENTS/bin/node"
}
is_recent() {
    local version
    version="$("$1" --version 2>/dev/null)" || return 1
    version="${version#v}"
    ((${version%%.*} >= NODE_MAJOR_MIN))
}

# In a copy, so that the checkout gets no node_modules. No package needs its install script.
install_packages() {
    local source="$ROOT/scripts/clients/$1" directory="$CLIENTS/$1"
    ! cmp --silent "$source/package-lock.json" "$directory/installed.json" || return 0
    print "clients: installing the packages of scripts/clients/$1"
    mkdir --parents "$directory"
    cp "$source/package.json" "$source/package-lock.json" "$directory/"
    (cd "$directory" && npm ci --ignore-scripts --no-fund --no-audit --loglevel=error) ||
        fail "npm could not install the packages of scripts/clients/$1"
    cp "$directory/package-lock.json" "$directory/installed.json"
}

main "$@"
