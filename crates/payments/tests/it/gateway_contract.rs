//! What every payment gateway must keep, whoever's it is: [`keep`] takes any.

use crate::harness::{PATIENT, new_order, usd};
use domain::ids::{OrderId, ProviderKey};
use domain::payment::Reversal;
use payments::gateway::simulated::SimulatedGateway;
use payments::gateway::{Authorize, LookUp, Movement, Outcome, PaymentGateway, Receipt};
use sqlx::PgPool;

/// Payment methods of the gateway under test.
pub struct Methods {
    pub works: &'static str,
    pub declined: &'static str,
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_simulated_gateway_keeps_the_contract(pool: PgPool) {
    let gateway = SimulatedGateway::start(pool, &PATIENT);
    keep(&gateway, &Methods { works: "sim_ok", declined: "sim_declined" }).await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn all_processes_share_one_set_of_books(pool: PgPool) {
    let [one, other] = [(); 2].map(|()| SimulatedGateway::start(pool.clone(), &PATIENT));
    let payment = Payment::new(&one, "sim_ok");

    let receipt = payment.authorize().await;

    let same = Payment { gateway: &other, ..payment };
    assert_eq!(same.authorize().await, receipt);
    assert!(matches!(other.look_up(same.key()).await, LookUp::Done(_)));
}

pub async fn keep<G: PaymentGateway>(gateway: &G, methods: &Methods) {
    the_same_key_is_charged_once(gateway, methods).await;
    a_decline_is_final(gateway, methods).await;
    a_void_refuses_all_that_comes_later(gateway, methods).await;
    a_void_gives_back_what_was_taken(gateway, methods).await;
    captures_stay_within_what_was_authorized(gateway, methods).await;
    refunds_stay_within_what_was_captured(gateway, methods).await;
    nothing_moves_without_an_authorization(gateway, methods).await;
    what_comes_at_once_is_counted_one_by_one(gateway, methods).await;
    an_authorization_and_its_void_at_once_come_one_after_the_other(gateway, methods).await;
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

    async fn void(&self) -> Outcome<Reversal> {
        self.gateway.void(self.key()).await
    }
}

fn reversal(authorized: bool, captured_minor: i64, given_back_minor: i64) -> Outcome<Reversal> {
    Outcome::Answered(Reversal { authorized, captured_minor, given_back_minor })
}

async fn the_same_key_is_charged_once<G: PaymentGateway>(gateway: &G, methods: &Methods) {
    let payment = Payment::new(gateway, methods.works);
    assert_eq!(gateway.look_up(payment.key()).await, LookUp::Absent);

    let first = payment.authorize().await;

    assert!(matches!(first, Outcome::Answered(_)), "{first:?}");
    assert_eq!(payment.authorize().await, first);
    assert!(matches!(gateway.look_up(payment.key()).await, LookUp::Done(_)));
}

async fn a_decline_is_final<G: PaymentGateway>(gateway: &G, methods: &Methods) {
    let payment = Payment::new(gateway, methods.declined);

    let first = payment.authorize().await;

    assert!(matches!(first, Outcome::Declined { .. }), "{first:?}");
    assert_eq!(payment.authorize().await, first);
    assert!(matches!(gateway.look_up(payment.key()).await, LookUp::Declined { .. }));
    assert_eq!(payment.void().await, reversal(false, 0, 0));
}

async fn a_void_refuses_all_that_comes_later<G: PaymentGateway>(gateway: &G, methods: &Methods) {
    let unheard_of = Payment::new(gateway, methods.works);
    assert_eq!(unheard_of.void().await, reversal(false, 0, 0));
    assert!(matches!(unheard_of.authorize().await, Outcome::Declined { .. }));
    assert_eq!(unheard_of.void().await, reversal(false, 0, 0));

    let authorized = Payment::new(gateway, methods.works);
    authorized.authorize().await;
    for _ in 0..2 {
        assert_eq!(authorized.void().await, reversal(true, 0, 0));
    }
    let late = gateway.capture(authorized.movement("capture", 1)).await;
    assert!(matches!(late, Outcome::Declined { .. }), "{late:?}");
}

async fn a_void_gives_back_what_was_taken<G: PaymentGateway>(gateway: &G, methods: &Methods) {
    let payment = Payment::new(gateway, methods.works);
    payment.authorize().await;
    gateway.capture(payment.movement("capture", 600)).await;
    gateway.refund(payment.movement("refund", 100)).await;

    for _ in 0..2 {
        assert_eq!(payment.void().await, reversal(true, 600, 500));
    }

    let late = gateway.refund(payment.movement("late", 1)).await;
    assert!(matches!(late, Outcome::Declined { .. }), "{late:?}");
}

async fn captures_stay_within_what_was_authorized<G: PaymentGateway>(gateway: &G, methods: &Methods) {
    let payment = Payment::new(gateway, methods.works);
    payment.authorize().await;

    let first = gateway.capture(payment.movement("one", 600)).await;

    assert!(matches!(first, Outcome::Answered(_)));
    assert_eq!(gateway.capture(payment.movement("one", 600)).await, first);
    assert!(matches!(gateway.look_up(payment.movement("one", 0).key).await, LookUp::Done(_)));
    assert!(matches!(gateway.capture(payment.movement("too much", 401)).await, Outcome::Declined { .. }));
    assert!(matches!(gateway.capture(payment.movement("rest", 400)).await, Outcome::Answered(_)));
    assert_eq!(payment.void().await, reversal(true, 1_000, 1_000));
}

async fn refunds_stay_within_what_was_captured<G: PaymentGateway>(gateway: &G, methods: &Methods) {
    let payment = Payment::new(gateway, methods.works);
    payment.authorize().await;
    gateway.capture(payment.movement("capture", 600)).await;

    let first = gateway.refund(payment.movement("one", 500)).await;

    assert!(matches!(first, Outcome::Answered(_)));
    assert_eq!(gateway.refund(payment.movement("one", 500)).await, first);
    assert!(matches!(gateway.refund(payment.movement("too much", 101)).await, Outcome::Declined { .. }));
    assert_eq!(payment.void().await, reversal(true, 600, 100));
}

async fn nothing_moves_without_an_authorization<G: PaymentGateway>(gateway: &G, methods: &Methods) {
    let payment = Payment::new(gateway, methods.works);

    let capture = gateway.capture(payment.movement("capture", 1)).await;

    assert!(matches!(capture, Outcome::Declined { .. }), "{capture:?}");
    assert!(matches!(gateway.look_up(payment.movement("capture", 1).key).await, LookUp::Declined { .. }));
    assert_eq!(gateway.look_up(payment.movement("never", 1).key).await, LookUp::Absent);
}

async fn what_comes_at_once_is_counted_one_by_one<G: PaymentGateway>(gateway: &G, methods: &Methods) {
    let payment = Payment::new(gateway, methods.works);
    let authorized = futures::future::join_all((0..20).map(|_| payment.authorize())).await;
    let captures = (0..12).map(|part| payment.movement(&format!("part {part}"), 100));

    let taken = futures::future::join_all(captures.map(|part| gateway.capture(part))).await;

    assert!(authorized.iter().all(|outcome| *outcome == authorized[0]), "{authorized:?}");
    assert_eq!(taken.iter().filter(|outcome| matches!(outcome, Outcome::Answered(_))).count(), 10);
    assert_eq!(payment.void().await, reversal(true, 1_000, 1_000));
}

async fn an_authorization_and_its_void_at_once_come_one_after_the_other<G: PaymentGateway>(
    gateway: &G,
    methods: &Methods,
) {
    let race = async |_| {
        let payment = Payment::new(gateway, methods.works);
        let (authorized, voided) = tokio::join!(payment.authorize(), payment.void());
        (authorized, voided, payment.void().await)
    };

    let races = futures::future::join_all((0..20).map(race)).await;

    for (authorized, voided, found) in races {
        let charged = matches!(authorized, Outcome::Answered(_));
        assert_eq!(found, reversal(charged, 0, 0), "the void finds what the authorization did");
        assert_eq!(voided, found);
    }
}
