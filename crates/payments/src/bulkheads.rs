//! Bulkheads for gateway calls: one per payment method, and one for captures, voids and refunds. A payment method that
//! does not respond must delay neither the other methods nor any captures, voids and refunds.

use crate::settings::PaymentsArgs;
use domain::messages::PaymentCommand;
use messaging::{Bulkhead, CallLimit};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Maximum number of payment methods with a bulkhead of their own. All further methods share one.
const METHODS_MAX: usize = 64;
/// Key of the bulkhead that all further methods share.
const OVERFLOW: &str = "";

#[derive(Debug)]
pub(crate) struct Bulkheads {
    all: CallLimit,
    method_calls_max: usize,
    methods: Mutex<HashMap<String, Bulkhead>>,
    follow_ups: Bulkhead,
}

impl Bulkheads {
    pub fn of(args: &PaymentsArgs) -> Self {
        let follow_ups = usize::from(args.payment_follow_up_calls_max);
        Self {
            all: CallLimit::of(args.payment_calls_max.into()),
            method_calls_max: args.payment_method_calls_max.into(),
            methods: Mutex::default(),
            follow_ups: Bulkhead::of(follow_ups, &CallLimit::of(follow_ups)),
        }
    }

    pub fn of_command(&self, command: &PaymentCommand) -> Bulkhead {
        match command {
            PaymentCommand::Authorize(authorize) => self.of_method(&authorize.method),
            PaymentCommand::Capture(_) | PaymentCommand::Void(_) | PaymentCommand::Refund(_) => self.follow_ups.clone(),
        }
    }

    fn of_method(&self, method: &str) -> Bulkhead {
        let mut methods = self.methods.lock().unwrap_or_else(PoisonError::into_inner);
        let name = if methods.len() < METHODS_MAX || methods.contains_key(method) { method } else { OVERFLOW };
        if let Some(existing) = methods.get(name) {
            return existing.clone();
        }
        methods.entry(name.to_owned()).or_insert(Bulkhead::of(self.method_calls_max, &self.all)).clone()
    }
}
