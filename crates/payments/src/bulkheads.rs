//! Which calls to the gateway share a fate: those of one payment method, and those that follow an authorization. A method
//! that is not answered must not hold up the others, nor the voids and captures of anybody.

use crate::settings::PaymentsArgs;
use domain::messages::PaymentCommand;
use messaging::{Bulkhead, CallLimit};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Methods that are told apart; what a message names beyond them shares one bulkhead.
const METHODS_MAX: usize = 64;
const OTHERS: &str = "";

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
        let name = if methods.len() < METHODS_MAX || methods.contains_key(method) { method } else { OTHERS };
        if let Some(known) = methods.get(name) {
            return known.clone();
        }
        methods.entry(name.to_owned()).or_insert(Bulkhead::of(self.method_calls_max, &self.all)).clone()
    }
}
