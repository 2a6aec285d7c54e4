"""A check for schemathesis: a request that fits its schema is not refused as malformed or invalid.

Schemathesis's own `positive_data_acceptance` knows statuses only, and so can't tell a key that was used before from a
schema that promises too much. This one reads the problem: `UNSAYABLE` and `UNSAYABLE_TEXTS` list the rules that no
schema can express.
"""

import re

import schemathesis

# The codes of problems that a schema should have prevented.
CODES = {"validation", "invalid-parameter", "malformed-json"}
# The name of a member or parameter, and its rule beyond the schema.
UNSAYABLE = {
    # References to what exists.
    "exchange_of": "a return of the caller",
    "from_warehouse_code": "a warehouse",
    "from_warehouse_id": "a warehouse",
    "owner_id": "a user",
    "to_warehouse_code": "a warehouse",
    "to_warehouse_id": "a warehouse",
    "vendor_id": "an active vendor",
    "warehouse_code": "a warehouse, the same as `warehouse_id`",
    "warehouse_id": "a warehouse",
    # Rules over several members, and of roles.
    "": "`queue` or `fingerprint` of a replay",
    "amount_minor": "of a refund: not with `lines`",
    "line_no": "of a refund: a line of the order, once",
    "lines": "of a return: lines of the order, once, and all units counted",
    "order_number": "its check character",
    "quantity": "of an adjustment: not 0, and not negative for every kind",
    "reason": "needed to close a warehouse",
    "region": "not without `country`",
    "attention": "staff only",
    "customer": "staff only",
    "cursor": "the `next_cursor` of an earlier page",
    "contact": "`email` or `phone`",
    "country": "one of ISO 3166",
    "currency": "one of ISO 4217, and that of the prices",
    "expires_at": "in the future",
    "mine": "not with the `vendor_id` of another vendor",
    "occurred_at": "after the order, and not in the future",
    "payment_method": "one of the gateway's",
    "scopes": "those of the owner's role",
    "password": "no common one, five different visible characters",
    "new_password": "as `password`",
}
# Unicode's categories have no portable pattern, and 2.0 is an integer to JSON Schema.
UNSAYABLE_TEXTS = re.compile(
    "characters on one line|visible characters|printable characters|control characters|NUL characters|a fraction"
)


@schemathesis.check
def valid_request_is_accepted(ctx, response, case):
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code not in (400, 422):
        return
    problem = response.json()
    if problem.get("code") not in CODES:
        return
    refused = [(name_of(error), error["detail"]) for error in problem.get("errors", [])]
    surprising = [name for name, why in refused if name not in UNSAYABLE and not UNSAYABLE_TEXTS.search(why)]
    if surprising or not refused:
        raise AssertionError(f"{problem['code']}: {surprising or problem['detail']}: {problem.get('errors')}")


def name_of(error):
    """The last step of a pointer that is no index, or the name of the parameter."""
    steps = [step for step in error.get("pointer", "").split("/") if step and not step.isdigit()]
    return steps[-1] if steps else error.get("parameter", "")
