#!/usr/bin/env bash
# Places the demo orders on the running system, then prints URLs and logins. Called by `make demo`.
set -euo pipefail

# shellcheck source=scripts/lib/settings.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/settings.sh"
load_dotenv
export_urls
[[ "${ORDERFLOW_ENV:-development}" != production ]] ||
    fail "the demo needs demo data, which ORDERFLOW_ENV=production does not allow"
ORDERCTL="${CARGO_TARGET_DIR:-$ROOT/target}/${ORDERFLOW_PROFILE:-debug}/orderctl"
API="http://127.0.0.1:${API_PORT:-8000}"

# The login is printed for the private broker only.
rabbitmq_page() {
    if is_external rabbitmq; then
        print "external, from RABBITMQ_URL"
    else
        print "http://127.0.0.1:$(port_of management)   (orderflow / orderflow)"
    fi
}
url_of() { if is_external "$1"; then print "external, from $(url_variable "$1")"; else print "$2"; fi; }

"$ORDERCTL" demo

cat <<TEXT

Everything keeps running; \`make down\` stops it.

  API and Swagger UI    $API/docs
  health                $API/system/health
  RabbitMQ              $(rabbitmq_page)
  Postgres              $(url_of postgres "$DATABASE_URL")
  Redis                 $(url_of redis "$REDIS_URL")
  logs                  make logs, or .local/log/NAME.log

  customer              customer@orders.local / CustomerPass123
  vendor                vendor@orders.local   / VendorPass123
  admin                 admin@orders.local    / AdminPass123
TEXT
