#!/usr/bin/env bash
# Shows a few orders on their way through the running system, and says where everything is. Called by `make demo`.
set -euo pipefail

# shellcheck source=scripts/lib/settings.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/settings.sh"
load_dotenv
export_urls
[[ "${ORDERFLOW_ENV:-development}" != production ]] || fail "the demo needs demo data, which ORDERFLOW_ENV=production refuses"
ORDERCTL="${CARGO_TARGET_DIR:-$ROOT/target}/${ORDERFLOW_PROFILE:-debug}/orderctl"
API="http://127.0.0.1:${API_PORT:-8000}"

# The login is printed only when it is the one we made up ourselves.
rabbitmq_page() {
    if user_gave rabbitmq; then
        say "yours, as RABBITMQ_URL says"
    else
        say "http://127.0.0.1:$(port_of management)   (orderflow / orderflow)"
    fi
}
url_of() { if user_gave "$1"; then say "yours, as $(url_variable "$1") says"; else say "$2"; fi; }

"$ORDERCTL" demo

cat <<TEXT

Everything stays up; \`make down\` stops it.

  API, to try out       $API/docs
  health                $API/system/health
  RabbitMQ              $(rabbitmq_page)
  Postgres              $(url_of postgres "$DATABASE_URL")
  Redis                 $(url_of redis "$REDIS_URL")
  logs                  make logs, or .local/log/NAME.log

  customer              customer@orders.local / CustomerPass123
  vendor                vendor@orders.local   / VendorPass123
  admin                 admin@orders.local    / AdminPass123
TEXT
