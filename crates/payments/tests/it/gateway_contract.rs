//! The contract of payment gateways: [`check_contract`] tests any implementation.

use crate::harness::{AT_ONCE, new_order, usd};
use domain::ids::{OrderId, ProviderKey};
use domain::payment::VoidResult;
use payments::gateway::simulated::SimulatedGateway;
use payments::gateway::{Authorize, LookUp, Movement, Outcome, PaymentGateway, Receipt, RegisteredGateway};
use sqlx::PgPool;

/// Payment methods of the gateway under test.
pub struct Methods {
    pub accepted: &'static str,
    pub declined: &'static str,
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_simulated_gateway_fulfils_the_contract(pool: PgPool) {
    let gateway = started(&pool);
    check_contract(&gateway, &Methods { accepted: "sim_ok", declined: "sim_declined" }).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn all_processes_share_one_ledger(pool: PgPool) {
    let [one, other] = [(); 2].map(|()| started(&pool));
    let payment = Payment::new(&one, "sim_ok");

    let receipt = payment.authorize().await;

    let same = Payment { gateway: &other, ..payment };
    assert_eq!(same.authorize().await, receipt);
    assert!(matches!(other.look_up(same.key()).await, LookUp::Done(_)));
}

fn started(pool: &PgPool) -> SimulatedGateway {
    SimulatedGateway::start(&AT_ONCE, pool).expect("it needs no settings")
}

pub async fn check_contract<G: PaymentGateway>(gateway: &G, methods: &Methods) {
    the_same_key_is_charged_once(gateway, methods).await;
    a_decline_is_final(gateway, methods).await;
    a_void_refuses_all_later_calls(gateway, methods).await;
    a_void_refunds_the_captured_amount(gateway, methods).await;
    captures_stay_within_the_authorized_amount(gateway, methods).await;
    refunds_stay_within_the_captured_amount(gateway, methods).await;
    nothing_is_captured_without_an_authorization(gateway, methods).await;
    a_reauthorization_moves_no_money_and_is_repeated_by_its_key(gateway, methods).await;
    concurrent_captures_are_applied_one_at_a_time(gateway, methods).await;
    a_concurrent_authorization_and_void_are_serialized(gateway, methods).await;
}

struct Payment<'a, G> {
    gateway: &'a G,
    order: OrderId,
    method: &'static str,
}

impl<'a, G: PaymentGateway> Payment<'a, G> {
    fn new(gateway: &'a G, method: &'static str) -> Self {
        Self { gateway, order: new_order(), method }
    }

    fn key(&self) -> ProviderKey {
        ProviderKey::derive(self.order, "authorize")
    }

    fn movement(&self, name: &str, amount_minor: i64) -> Movement {
        let key = ProviderKey::derive(self.order, name);
        Movement { key, authorization: self.key(), amount: usd(amount_minor) }
    }

    async fn authorize(&self) -> Outcome<Receipt> {
        let method = self.method.to_owned();
        self.gateway.authorize(Authorize { key: self.key(), amount: usd(1_000), method }).await
    }

    async fn void(&self) -> Outcome<VoidResult> {
        match self.gateway.void(self.key()).await {
            Outcome::Succeeded(voided) => Outcome::Succeeded(voided.found),
            Outcome::Declined { reason } => Outcome::Declined { reason },
            Outcome::Unknown { why } => Outcome::Unknown { why },
        }
    }
}

fn void_result(authorized: bool, captured_minor: i64, refunded_by_void_minor: i64) -> Outcome<VoidResult> {
    Outcome::Succeeded(VoidResult { authorized, captured_minor, refunded_by_void_minor })
}

async fn the_same_key_is_charged_once<G: PaymentGateway>(gateway: &G, methods: &Methods) {
    let payment = Payment::new(gateway, methods.accepted);
    assert_eq!(gateway.look_up(payment.key()).await, LookUp::Absent);

    let first = payment.authorize().await;

    assert!(matches!(first, Outcome::Succeeded(_)), "{first:?}");
    assert_eq!(payment.authorize().await, first);
    assert!(matches!(gateway.look_up(payment.key()).await, LookUp::Done(_)));
}

async fn a_decline_is_final<G: PaymentGateway>(gateway: &G, methods: &Methods) {
    let payment = Payment::new(gateway, methods.declined);

    let first = payment.authorize().await;

    assert!(matches!(first, Outcome::Declined { .. }), "{first:?}");
    assert_eq!(payment.authorize().await, first);
    assert!(matches!(gateway.look_up(payment.key()).await, LookUp::Declined { .. }));
    assert_eq!(payment.void().await, void_result(false, 0, 0));
}

async fn a_void_refuses_all_later_calls<G: PaymentGateway>(gateway: &G, methods: &Methods) {
    let unknown = Payment::new(gateway, methods.accepted);
    assert_eq!(unknown.void().await, void_result(false, 0, 0));
    assert!(matches!(unknown.authorize().await, Outcome::Declined { .. }));
    assert_eq!(unknown.void().await, void_result(false, 0, 0));

    let authorized = Payment::new(gateway, methods.accepted);
    authorized.authorize().await;
    for _ in 0..2 {
        assert_eq!(authorized.void().await, void_result(true, 0, 0));
    }
    let late = gateway.capture(authorized.movement("capture", 1)).await;
    assert!(matches!(late, Outcome::Declined { .. }), "{late:?}");
}

async fn a_void_refunds_the_captured_amount<G: PaymentGateway>(gateway: &G, methods: &Methods) {
    let payment = Payment::new(gateway, methods.accepted);
    payment.authorize().await;
    gateway.capture(payment.movement("capture", 600)).await;
    gateway.refund(payment.movement("refund", 100)).await;

    for _ in 0..2 {
        assert_eq!(payment.void().await, void_result(true, 600, 500));
    }

    let late = gateway.refund(payment.movement("late", 1)).await;
    assert!(matches!(late, Outcome::Declined { .. }), "{late:?}");
}

async fn captures_stay_within_the_authorized_amount<G: PaymentGateway>(gateway: &G, methods: &Methods) {
    let payment = Payment::new(gateway, methods.accepted);
    payment.authorize().await;

    let first = gateway.capture(payment.movement("one", 600)).await;

    assert!(matches!(first, Outcome::Succeeded(_)));
    assert_eq!(gateway.capture(payment.movement("one", 600)).await, first);
    assert!(matches!(gateway.look_up(payment.movement("one", 0).key).await, LookUp::Done(_)));
    assert!(matches!(gateway.capture(payment.movement("too much", 401)).await, Outcome::Declined { .. }));
    assert!(matches!(gateway.capture(payment.movement("rest", 400)).await, Outcome::Succeeded(_)));
    assert_eq!(payment.void().await, void_result(true, 1_000, 1_000));
}

async fn refunds_stay_within_the_captured_amount<G: PaymentGateway>(gateway: &G, methods: &Methods) {
    let payment = Payment::new(gateway, methods.accepted);
    payment.authorize().await;
    gateway.capture(payment.movement("capture", 600)).await;

    let first = gateway.refund(payment.movement("one", 500)).await;

    assert!(matches!(first, Outcome::Succeeded(_)));
    assert_eq!(gateway.refund(payment.movement("one", 500)).await, first);
    assert!(matches!(gateway.refund(payment.movement("too much", 101)).await, Outcome::Declined { .. }));
    assert_eq!(payment.void().await, void_result(true, 600, 100));
}

async fn nothing_is_captured_without_an_authorization<G: PaymentGateway>(gateway: &G, methods: &Methods) {
    let payment = Payment::new(gateway, methods.accepted);

    let capture = gateway.capture(payment.movement("capture", 1)).await;

    assert!(matches!(capture, Outcome::Declined { .. }), "{capture:?}");
    assert!(matches!(gateway.look_up(payment.movement("capture", 1).key).await, LookUp::Declined { .. }));
    assert_eq!(gateway.look_up(payment.movement("never", 1).key).await, LookUp::Absent);
}

/// For a gateway that can renew. One that can't declines.
async fn a_reauthorization_moves_no_money_and_is_repeated_by_its_key<G: PaymentGateway>(
    gateway: &G,
    methods: &Methods,
) {
    let payment = Payment::new(gateway, methods.accepted);
    payment.authorize().await;
    gateway.capture(payment.movement("capture", 400)).await;

    let renewed = gateway.reauthorize(payment.movement("reauthorization", 600)).await;
    let of_the_rest = gateway.reauthorize(payment.movement("requested before the capture", 1_000)).await;
    gateway.capture(payment.movement("rest", 600)).await;
    let of_nothing = gateway.reauthorize(payment.movement("nothing", 600)).await;

    assert!(matches!(renewed, Outcome::Succeeded(_)), "{renewed:?}");
    assert!(matches!(of_the_rest, Outcome::Succeeded(_)), "{of_the_rest:?}");
    assert!(matches!(of_nothing, Outcome::Declined { .. }), "{of_nothing:?}");
    assert_eq!(gateway.reauthorize(payment.movement("reauthorization", 600)).await, renewed);
    assert!(matches!(gateway.look_up(payment.movement("reauthorization", 600).key).await, LookUp::Done(_)));
    assert_eq!(payment.void().await, void_result(true, 1_000, 1_000));
}

async fn concurrent_captures_are_applied_one_at_a_time<G: PaymentGateway>(gateway: &G, methods: &Methods) {
    let payment = Payment::new(gateway, methods.accepted);
    let authorized = futures::future::join_all((0..20).map(|_| payment.authorize())).await;
    let captures = (0..12).map(|part| payment.movement(&format!("part {part}"), 100));

    let outcomes = futures::future::join_all(captures.map(|part| gateway.capture(part))).await;

    assert!(authorized.iter().all(|outcome| *outcome == authorized[0]), "{authorized:?}");
    assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Succeeded(_))).count(), 10);
    assert_eq!(payment.void().await, void_result(true, 1_000, 1_000));
}

async fn a_concurrent_authorization_and_void_are_serialized<G: PaymentGateway>(gateway: &G, methods: &Methods) {
    let race = async |_| {
        let payment = Payment::new(gateway, methods.accepted);
        let (authorized, voided) = tokio::join!(payment.authorize(), payment.void());
        (authorized, voided, payment.void().await)
    };

    let races = futures::future::join_all((0..20).map(race)).await;

    for (authorized, voided, found) in races {
        let charged = matches!(authorized, Outcome::Succeeded(_));
        assert_eq!(found, void_result(charged, 0, 0), "the void reports the result of the authorization");
        assert_eq!(voided, found);
    }
}
