//! Timeline checks: the events of an order lead without gaps, by legal transitions, to its current status.

use crate::model::offender::{Offender, Scope};
use domain::applied::Applied;
use domain::order::{OrderStatus, OrderTransition};
use sqlx::PgConnection;
use strum::IntoEnumIterator;

pub async fn broken_chains(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'orders.events' AS "place!", format('order %s version %s', order_id, version) AS "row!",
                  format('version %s from %s', place_in_line, coalesce(expected_from, 'nothing')) AS "expected!",
                  format('version %s from %s', version, coalesce(from_status, 'nothing')) AS "found!"
           FROM (SELECT order_id, version, from_status, lag(to_status) OVER line AS expected_from,
                        row_number() OVER line AS place_in_line
                 FROM orders.events WINDOW line AS (PARTITION BY order_id ORDER BY version)) AS chain
           WHERE version <> place_in_line OR from_status IS DISTINCT FROM expected_from
           ORDER BY order_id, version LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

pub async fn illegal_transitions(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    let (from_status, to_status): (Vec<&str>, Vec<&str>) = legal_transitions().into_iter().unzip();
    sqlx::query_as!(
        Offender,
        r#"SELECT 'orders.events' AS "place!", format('order %s version %s', order_id, version) AS "row!",
                  'a legal transition' AS "expected!", format('%s to %s', from_status, to_status) AS "found!"
           FROM orders.events
           WHERE from_status IS DISTINCT FROM to_status
             AND (coalesce(from_status, ''), to_status) NOT IN
                 (SELECT unnest($1::text[]) AS from_status, unnest($2::text[]) AS to_status)
           ORDER BY order_id, version LIMIT $3"#,
        &from_status as &[&str],
        &to_status as &[&str],
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

pub async fn outdated_timelines(tx: &mut PgConnection, scope: &Scope) -> sqlx::Result<Vec<Offender>> {
    sqlx::query_as!(
        Offender,
        r#"SELECT 'orders.orders' AS "place!", format('order %s', o.id) AS "row!",
                  format('version %s %s', o.version, o.status) AS "expected!",
                  coalesce(format('version %s %s', last.version, last.to_status), 'no event') AS "found!"
           FROM orders.orders o
           LEFT JOIN (SELECT DISTINCT ON (order_id) order_id, version, to_status
                      FROM orders.events ORDER BY order_id, version DESC) AS last ON last.order_id = o.id
           WHERE (last.version, last.to_status) IS DISTINCT FROM (o.version, o.status)
           ORDER BY o.id LIMIT $1"#,
        scope.offenders_max
    )
    .fetch_all(tx)
    .await
}

/// The transitions that the domain allows, and the creation of an order, which has no previous status.
fn legal_transitions() -> Vec<(&'static str, &'static str)> {
    let pairs = OrderStatus::iter().flat_map(|from| OrderTransition::iter().map(move |transition| (from, transition)));
    let transitions = pairs.filter_map(|(from, transition)| match from.apply(transition) {
        Ok(Applied::Changed(to)) => Some((from.into(), to.into())),
        Ok(Applied::Unchanged) | Err(_) => None,
    });
    transitions.chain([("", OrderStatus::Pending.into())]).collect()
}
