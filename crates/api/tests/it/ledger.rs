//! The money ledger and the list of refunds, as finance and operators read them.

use crate::client::{ApiClient, get, post};
use crate::mini_worker::work;
use crate::refunds::Shop;
use axum::http::StatusCode;
use operations::verify::{VerifyLimits, verify};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::Duration;

const RANGE: &str = "from=2026-01-01T00:00:00Z&to=2026-01-31T00:00:00Z";

/// 250 entries of January in two currencies; every tenth is in EUR.
async fn fill(pool: &PgPool) {
    let fill = "INSERT INTO payments.ledger_entries
                    (at, order_id, provider_key, kind, amount_minor, currency, gateway, cause)
                SELECT '2026-01-01'::timestamptz + (number / 3) * interval '1 minute', gen_random_uuid(),
                       gen_random_uuid(), CASE number % 2 WHEN 0 THEN 'authorized' ELSE 'captured' END, number,
                       CASE number % 10 WHEN 0 THEN 'EUR' ELSE 'USD' END, 'simulated', ''
                FROM generate_series(1, 250) AS number";
    sqlx::query(fill).execute(pool).await.expect("filled");
}

async fn amounts(client: &ApiClient, query: &str, shop: &Shop) -> Vec<i64> {
    let (mut amounts, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/admin/ledger?{RANGE}&limit=100{query}{cursor}");
        let page = client.send(get(&path).by(&shop.admin)).await.expect(StatusCode::OK);
        let items = page["items"].as_array().expect("items");
        amounts.extend(items.iter().map(|entry| entry["amount_minor"].as_i64().expect("an amount")));
        let Some(next) = page.get("next_cursor") else { return amounts };
        cursor = format!("&cursor={}", next.as_str().expect("a cursor"));
    }
}

fn csv_rows(body: &str) -> Vec<Vec<String>> {
    let rows = body.strip_suffix("\r\n").expect("an end of line").split("\r\n");
    rows.map(|row| row.split(',').map(str::to_owned).collect()).collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_has_entries_with_its_operations_and_causes(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.delivered("sim_ok").await;
    let refund = shop.refund(&order, &json!({ "reason": "goodwill", "amount_minor": 500 })).await;
    work(&shop.client).await;

    let now = platform::clock::now();
    let (from, to) = (now - chrono::TimeDelta::hours(1), now + chrono::TimeDelta::hours(1));
    let time = |time: domain::Timestamp| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let range = format!("from={}&to={}", time(from), time(to));
    let page = get(&format!("/admin/ledger?{range}")).by(&shop.admin);
    let page = shop.client.send(page).await.expect(StatusCode::OK);

    let entries = page["items"].as_array().expect("items");
    let kinds: Vec<_> = entries.iter().map(|entry| entry["kind"].as_str().expect("a kind")).collect();
    assert_eq!(kinds, ["authorized", "captured", "refunded"]);
    assert!(entries.iter().all(|entry| entry["order_id"] == order.as_str() && entry["message_id"].is_string()));
    assert_eq!((&entries[2]["amount_minor"], &entries[2]["cause"]), (&json!(500), &refund["id"]));
    assert!(entries[0].get("cause").is_none(), "{}", entries[0]);
    let sums = get(&format!("/admin/ledger/summary?{range}&currency=USD")).by(&shop.admin);
    let sums = shop.client.send(sums).await.expect(StatusCode::OK);
    let total = shop.order_total(&order).await;
    let sum = &sums["items"][0];
    assert_eq!((&sum["gateway"], &sum["captured_minor"]), (&json!("simulated"), &total));
    assert_eq!(sum["net_minor"], json!(total.as_i64().expect("a total") - 500));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_capture_that_an_admin_writes_off_is_entered_and_voided(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    let order = shop.delivered("sim_capture_declined").await;
    let path = format!("/admin/sagas/{order}");
    let saga = shop.client.send(get(&path).by(&shop.admin)).await.expect(StatusCode::OK);

    let body = json!({ "generation": saga["generation"], "reason": "the customer has vanished" });
    let write_off = post(&format!("{path}/mark-step-done")).by(&shop.admin).json(&body);
    shop.client.send(write_off).await.expect(StatusCode::OK);
    work(&shop.client).await;

    let after = shop.client.send(get(&format!("/orders/{order}")).by(&shop.admin)).await.expect(StatusCode::OK);
    assert_eq!((&after["status"], &after["payment_status"]), (&json!("delivered"), &json!("voided")));
    let kinds = "SELECT array_agg(kind ORDER BY at, kind DESC) FROM payments.ledger_entries";
    let kinds: Vec<String> = sqlx::query_scalar(kinds).fetch_one(&pool).await.expect("entries");
    assert_eq!(kinds, ["authorized", "written_off", "voided"]);
    let limits = VerifyLimits { grace: Duration::ZERO, ..VerifyLimits::default() };
    let report = verify(&pool, platform::clock::now(), limits).await.expect("verified");
    assert!(report.is_clean(), "{report}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_pages_and_the_csv_have_each_entry_of_the_range_once(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    fill(&pool).await;

    let paged = amounts(&shop.client, "", &shop).await;
    let csv = shop.client.send(get(&format!("/admin/ledger?{RANGE}&format=csv")).by(&shop.admin)).await;

    let mut sorted = paged.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (1..=250).collect::<Vec<_>>());
    assert!(csv.headers["content-type"].to_str().is_ok_and(|value| value.starts_with("text/csv")));
    let rows = csv_rows(csv.body.as_str().expect("a text"));
    assert_eq!(rows[0][..4], ["at", "order_id", "kind", "amount_minor"]);
    let exported: Vec<i64> = rows[1..].iter().map(|row| row[3].parse().expect("an amount")).collect();
    assert_eq!(exported, paged);
    assert_eq!(amounts(&shop.client, "&currency=EUR", &shop).await.len(), 25);
    assert_eq!(amounts(&shop.client, "&kind=captured&currency=USD", &shop).await.len(), 125);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_client_that_accepts_only_csv_gets_csv(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    fill(&pool).await;
    let path = format!("/admin/ledger?{RANGE}");
    let accepting = |range: &str| get(&path).by(&shop.admin).header("accept", range);

    let csv = shop.client.send(accepting("text/csv")).await;
    assert_eq!(csv_rows(csv.body.as_str().expect("a text")).len(), 251);
    let json = shop.client.send(accepting("text/csv, application/json")).await.expect(StatusCode::OK);
    assert_eq!(json["items"].as_array().map(Vec::len), Some(20));
    shop.client.send(accepting("text/html")).await.expect_problem(406, "not-acceptable");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_range_is_required_and_bounded(pool: PgPool) {
    let shop = Shop::open(pool).await;
    for (query, pointer) in [
        ("to=2026-01-31T00:00:00Z", "from"),
        ("from=2026-01-01T00:00:00Z", "to"),
        ("from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:01Z", "to"),
        ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "to"),
        ("from=yesterday&to=2026-01-01T00:00:00Z", "from"),
        ("from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&currency=XYZ", "currency"),
        ("from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&kind=stolen", "kind"),
        ("from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&format=xml", "format"),
        ("from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&cursor=1", "cursor"),
    ] {
        let refused = shop.client.send(get(&format!("/admin/ledger?{query}")).by(&shop.admin)).await;
        assert_eq!(refused.pointers(), [pointer], "{query}");
        refused.expect_problem(422, "validation");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn refunds_to_review_are_listed_for_staff(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    let order = shop.delivered("sim_ok").await;
    let mut ids = Vec::new();
    for reason in ["fraud", "goodwill", "lost"] {
        let refund = shop.refund(&order, &json!({ "reason": reason, "amount_minor": 1 })).await;
        ids.push(refund["id"].clone());
    }
    let review = "UPDATE payments.refunds SET status = 'manual_review' WHERE reason <> 'lost'";
    sqlx::query(review).execute(&pool).await.expect("to review");
    let list = async |query: &str| {
        let path = format!("/admin/refunds{query}");
        shop.client.send(get(&path).by(&shop.admin)).await.expect(StatusCode::OK)
    };

    let first = list("?limit=1").await;
    let next = first["next_cursor"].as_str().expect("a second page");
    let second = list(&format!("?limit=1&cursor={next}")).await;

    let listed = [&first, &second].map(|page| page["items"][0]["id"].clone());
    assert_eq!(listed, ids[..2]);
    assert_eq!(first["items"][0]["reason"], "fraud");
    assert!(second.get("next_cursor").is_none());
    assert_eq!(list("?status=pending").await["items"][0]["id"], ids[2]);
    assert_eq!(list("?status=succeeded").await["items"], Value::Array(Vec::new()));
}

#[sqlx::test(migrations = "../../migrations")]
async fn settlements_are_listed_by_day_and_status(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    let fill = "INSERT INTO payments.settlements
                SELECT '2026-01-01'::date + number, 'simulated', code, 100, 0, 100 + number, 0,
                       CASE number WHEN 0 THEN 'matched' ELSE 'differs' END, now()
                FROM generate_series(0, 2) AS number, (VALUES ('USD'), ('EUR')) AS currency (code)";
    sqlx::query(fill).execute(&pool).await.expect("filled");
    let list = async |query: &str| {
        let path = format!("/admin/settlements{query}");
        shop.client.send(get(&path).by(&shop.admin)).await.expect(StatusCode::OK)
    };
    let named = |page: &Value| -> Vec<String> {
        let name = |item: &Value| format!("{} {}", item["day"].as_str().unwrap(), item["currency"].as_str().unwrap());
        page["items"].as_array().expect("items").iter().map(name).collect()
    };

    let first = list("?limit=3").await;
    let second = list(&format!("?limit=3&cursor={}", first["next_cursor"].as_str().expect("a second page"))).await;

    assert_eq!(named(&first), ["2026-01-03 EUR", "2026-01-03 USD", "2026-01-02 EUR"]);
    assert_eq!(named(&second), ["2026-01-02 USD", "2026-01-01 EUR", "2026-01-01 USD"]);
    assert!(second.get("next_cursor").is_none());
    assert_eq!(named(&list("?status=matched").await), ["2026-01-01 EUR", "2026-01-01 USD"]);
    let reported = &first["items"][0]["reported"];
    assert_eq!((&reported["captured_minor"], &first["items"][0]["status"]), (&json!(102), &json!("differs")));
}
