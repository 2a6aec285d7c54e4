//! What a shop attaches to its orders: references, recipients, metadata and adjusted totals.

use crate::fixtures::{ALICE, BOB, count, intake, order_of, request};
use domain::order::order_request::OrderRequest;
use domain::order::{Adjustments, Contact, LineAdjustment, OrderDetails, Recipient, ShipTo};
use futures::future::join_all;
use orders::{Accepted, IntakeLimits, NewOrder, PlaceOrderError, Viewer, find_order, find_recipients};
use sqlx::PgPool;
use std::collections::HashSet;

/// Part of each text of the recipient.
const SECRET: &str = "Quetzal";

fn with_ref(name: &str) -> OrderRequest {
    let details = OrderDetails { external_ref: Some(name.parse().expect("a reference")), ..OrderDetails::default() };
    OrderRequest { details, ..request(&[("SKU-HEADPHONES", 2)], None) }
}

fn referring(key: &str, name: &str) -> NewOrder {
    order_of(ALICE, key, &with_ref(name))
}

fn taken_by(first: Accepted) -> PlaceOrderError {
    PlaceOrderError::ExternalRefTaken { order_id: first.order_id, order_number: first.order_number }
}

fn recipient() -> Recipient {
    let ship_to = ShipTo {
        name: "Quetzal Jane".parse().expect("a text"),
        company: None,
        line1: "1 Quetzal Lane".parse().expect("a text"),
        line2: None,
        city: "Quetzalburg".parse().expect("a text"),
        region: None,
        postal_code: None,
        country: "DE".parse().expect("a country"),
    };
    let email = Some("quetzal@example.com".parse().expect("an address"));
    Recipient { ship_to: Some(ship_to), contact: Contact::new(email, None).ok() }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_reference_is_used_once_per_customer_and_the_refusal_names_the_order_that_has_it(pool: PgPool) {
    let (intake, _lifecycle) = intake(&pool, IntakeLimits::default());
    let first = intake.place(referring("a", "#1")).await.expect("accepted");

    let again = intake.place(referring("b", "#1")).await;
    let repeated = intake.place(referring("a", "#1")).await.expect("accepted");
    let other = intake.place(referring("c", "#2")).await.expect("accepted");
    let of_bob = intake.place(order_of(BOB, "a", &with_ref("#1"))).await.expect("accepted");
    let reused = intake.place(referring("a", "#3")).await;

    assert_eq!(again, Err(taken_by(first)));
    assert_eq!(repeated, Accepted { replayed: true, ..first });
    assert_eq!(reused, Err(PlaceOrderError::KeyReused));
    assert_eq!([first, other, of_bob].map(|placed| placed.order_number).into_iter().collect::<HashSet<_>>().len(), 3);
    assert_eq!(count(&pool, "SELECT count(*) FROM orders.idempotency_keys").await, 3, "a refused order uses no key");
}

#[sqlx::test(migrations = "../../migrations")]
async fn of_concurrent_orders_with_one_reference_one_is_placed(pool: PgPool) {
    let limits = IntakeLimits { intake_committers: 4, intake_batch_max: 5, ..IntakeLimits::default() };
    let (intake, _lifecycle) = intake(&pool, limits);
    let (other_process, _other_lifecycle) = crate::fixtures::intake(&pool, limits);
    let place = |number: usize| {
        let intake = if number.is_multiple_of(2) { &intake } else { &other_process };
        intake.place(referring(&format!("key-{number}"), &format!("#{}", number % 3)))
    };

    let results = join_all((0..60).map(place)).await;

    let placed: Vec<_> = results.iter().filter_map(|result| result.ok()).collect();
    assert_eq!(placed.len(), 3);
    for refused in results.iter().filter_map(|result| result.err()) {
        assert!(placed.iter().any(|first| refused == taken_by(*first)), "{refused}");
    }
    assert_eq!(count(&pool, "SELECT count(*) FROM orders.orders").await, 3);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_recipient_is_in_one_row_and_in_no_message(pool: PgPool) {
    let (intake, _lifecycle) = intake(&pool, IntakeLimits::default());
    let details = OrderDetails { recipient: recipient(), ..OrderDetails::default() };
    let wanted = OrderRequest { details, ..request(&[("SKU-HEADPHONES", 1)], None) };
    let order = order_of(ALICE, "k", &wanted);
    assert!(!format!("{order:?}").contains(SECRET));

    let placed = intake.place(order).await.expect("accepted");
    intake.place(order_of(ALICE, "without", &request(&[("SKU-HEADPHONES", 1)], None))).await.expect("accepted");

    assert_eq!(count(&pool, "SELECT count(*) FROM orders.recipients").await, 1);
    let elsewhere = "SELECT (SELECT count(*) FROM messaging.outbox o WHERE o::text ILIKE '%quetzal%')
                          + (SELECT count(*) FROM orders.orders o WHERE o::text ILIKE '%quetzal%')
                          + (SELECT count(*) FROM orders.sagas s WHERE s::text ILIKE '%quetzal%')
                          + (SELECT count(*) FROM orders.events e WHERE e::text ILIKE '%quetzal%')";
    assert_eq!(count(&pool, elsewhere).await, 0);
    let found =
        find_recipients(&mut platform::postgres::reader(&pool).await.expect("a connection"), &[placed.order_id]).await;
    assert_eq!(found.expect("found").get(&placed.order_id), Some(&recipient()));
}

#[sqlx::test(migrations = "../../migrations")]
async fn of_the_address_only_country_and_code_of_the_region_are_in_the_command_that_reserves_stock(pool: PgPool) {
    let (intake, _lifecycle) = intake(&pool, IntakeLimits::default());
    let with_region = |region: &str| {
        let mut recipient = recipient();
        recipient.ship_to.as_mut().expect("an address").region = Some(region.parse().expect("a text"));
        OrderDetails { recipient, ..OrderDetails::default() }
    };

    for (key, region) in [("code", "he"), ("text", "Hessen")] {
        let wanted = OrderRequest { details: with_region(region), ..request(&[("SKU-HEADPHONES", 1)], None) };
        intake.place(order_of(ALICE, key, &wanted)).await.expect("accepted");
    }

    let commands = "SELECT payload FROM messaging.outbox WHERE payload LIKE '%inventory.reserve.v1%' ORDER BY seq";
    let commands: Vec<String> = sqlx::query_scalar(commands).fetch_all(&pool).await.expect("commands");
    let commands = commands.iter().map(|text| serde_json::from_str(text).expect("JSON"));
    let commands: Vec<serde_json::Value> = commands.collect();
    let destinations: Vec<_> = commands.iter().map(|command| command["data"]["destination"].clone()).collect();
    let json = serde_json::json!([{ "country": "DE", "region": "HE" }, { "country": "DE" }]);
    assert_eq!(serde_json::Value::from(destinations), json);
    for command in commands {
        assert_eq!(command["data"].get("policy"), None, "the inventory's settings decide");
        assert!(!command.to_string().contains(SECRET) && !command.to_string().contains("Hessen"));
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_order_whose_recipient_was_erased_is_shown_without_one(pool: PgPool) {
    let (intake, _lifecycle) = intake(&pool, IntakeLimits::default());
    let details = OrderDetails { recipient: recipient(), ..OrderDetails::default() };
    let wanted = OrderRequest { details, ..request(&[("SKU-HEADPHONES", 1)], None) };
    let placed = intake.place(order_of(ALICE, "k", &wanted)).await.expect("accepted");
    let shown = async |viewer| {
        let order = find_order(&pool, placed.order_id, viewer).await.expect("read").expect("an order");
        order.recipient
    };
    assert_eq!(shown(Viewer::Customer(ALICE)).await, recipient());
    let vendor = Viewer::Vendor(crate::fixtures::HER_VENDOR);
    assert_eq!(shown(vendor).await, Recipient { contact: None, ..recipient() });

    crate::fixtures::execute(&pool, "DELETE FROM orders.recipients").await;

    assert_eq!(shown(Viewer::Admin(BOB)).await, Recipient::default());
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_total_contains_the_adjustments_and_a_vendor_sees_those_of_their_lines(pool: PgPool) {
    let (intake, _lifecycle) = intake(&pool, IntakeLimits::default());
    let amount = |minor: i64| minor.try_into().expect("an amount");
    let line = |tax, discount| LineAdjustment { tax_minor: amount(tax), discount_minor: amount(discount) };
    let adjustments = Adjustments { lines: vec![line(100, 10), line(7, 0)], shipping_minor: amount(500) };
    let wanted = OrderRequest { adjustments, ..request(&[("SKU-HEADPHONES", 2), ("HIS-CABLE", 1)], None) };

    let placed = intake.place(order_of(ALICE, "k", &wanted)).await.expect("accepted");

    let total = async |viewer| {
        let order = find_order(&pool, placed.order_id, viewer).await.expect("read").expect("an order");
        let lines: i64 = order.lines.iter().map(|line| line.line_total.amount_minor).sum();
        (order.order.total.amount_minor, lines, order.shipping_minor)
    };
    assert_eq!(total(Viewer::Customer(ALICE)).await, (3 * 1_999 + 97 + 500, 3 * 1_999 + 97, Some(500)));
    assert_eq!(total(Viewer::Vendor(crate::fixtures::HIS_VENDOR)).await, (2_006, 2_006, None));
}
