//! A third gateway, for the tests of the registry only. It shows every file that a gateway needs: this folder, and one
//! line of `registry.rs`. It keeps its ledger in memory, where a real gateway calls its provider.

mod settings;

pub use settings::ThirdGatewayArgs;

use super::{
    Authorize, GatewayInfo, LookUp, Movement, Outcome, PaymentGateway, PaymentMethods, Receipt, RegisteredGateway,
    Voided,
};
use async_trait::async_trait;
use chrono::TimeDelta;
use domain::ids::ProviderKey;
use domain::payment::VoidResult;
use sqlx::PgPool;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

#[derive(Debug, Default)]
pub struct ThirdGateway(Mutex<BTreeMap<ProviderKey, Done>>);

/// What was executed under a key.
#[derive(Debug, Clone, Copy)]
enum Done {
    Executed,
    Voided,
}

impl RegisteredGateway for ThirdGateway {
    const INFO: GatewayInfo = GatewayInfo {
        name: "third",
        methods: PaymentMethods::new(&["third_card"], None),
        is_real: true,
        idempotency_key_retention: TimeDelta::days(30),
    };

    type Settings = ThirdGatewayArgs;

    fn start(settings: &ThirdGatewayArgs, _pool: &PgPool) -> Option<Self> {
        settings.third_gateway_key.as_ref().map(|_key| Self::default())
    }
}

#[async_trait]
impl PaymentGateway for ThirdGateway {
    async fn authorize(&self, request: Authorize) -> Outcome<Receipt> {
        self.execute(request.key)
    }

    async fn capture(&self, request: Movement) -> Outcome<Receipt> {
        self.execute(request.key)
    }

    async fn void(&self, authorization: ProviderKey) -> Outcome<Voided> {
        let before = self.ledger().insert(authorization, Done::Voided);
        let authorized = matches!(before, Some(Done::Executed));
        let found = VoidResult { authorized, captured_minor: 0, refunded_by_void_minor: 0 };
        Outcome::Succeeded(Voided { found, executed_at: None })
    }

    async fn refund(&self, request: Movement) -> Outcome<Receipt> {
        self.execute(request.key)
    }

    async fn look_up(&self, key: ProviderKey) -> LookUp {
        match self.ledger().get(&key) {
            Some(Done::Executed) => LookUp::Done(receipt(key)),
            Some(Done::Voided) => LookUp::Declined { reason: "voided".to_owned() },
            None => LookUp::Absent,
        }
    }
}

impl ThirdGateway {
    fn execute(&self, key: ProviderKey) -> Outcome<Receipt> {
        match self.ledger().entry(key).or_insert(Done::Executed) {
            Done::Executed => Outcome::Succeeded(receipt(key)),
            Done::Voided => Outcome::declined("voided"),
        }
    }

    fn ledger(&self) -> std::sync::MutexGuard<'_, BTreeMap<ProviderKey, Done>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn receipt(key: ProviderKey) -> Receipt {
    Receipt { reference: format!("third_{}", key.as_uuid().simple()), executed_at: None }
}
