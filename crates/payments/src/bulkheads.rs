//! Bulkheads for gateway calls: one per payment method with a part per customer, and one for captures, voids and
//! refunds. A payment method that does not respond must delay neither the other methods nor any captures, voids and
//! refunds. A customer whose calls are not answered must not delay other customers with the same method.

use crate::settings::PaymentsArgs;
use domain::ids::UserId;
use domain::messages::{AuthorizePayment, PaymentCommand};
use messaging::{Bulkhead, CallLimit};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Maximum number of payment methods with a bulkhead of their own. All further methods share one.
const METHODS_MAX: usize = 64;
/// Key of the bulkhead that all further methods share.
const OVERFLOW: &str = "";
/// With more customers than this, those without calls are forgotten.
const CUSTOMERS_KEPT: usize = 1_024;

#[derive(Debug)]
pub(crate) struct Bulkheads {
    all: CallLimit,
    method_calls_max: usize,
    customer_calls_max: usize,
    methods: Mutex<HashMap<String, Method>>,
    follow_ups: Bulkhead,
}

#[derive(Debug)]
struct Method {
    whole: Bulkhead,
    customers: HashMap<UserId, Bulkhead>,
}

impl Bulkheads {
    pub fn of(args: &PaymentsArgs) -> Self {
        let follow_ups = usize::from(args.payment_follow_up_calls_max);
        Self {
            all: CallLimit::of(args.payment_calls_max.into()),
            method_calls_max: args.payment_method_calls_max.into(),
            customer_calls_max: args.payment_customer_calls_max.into(),
            methods: Mutex::default(),
            follow_ups: Bulkhead::of(follow_ups, &CallLimit::of(follow_ups)),
        }
    }

    pub fn of_command(&self, command: &PaymentCommand) -> Bulkhead {
        match command {
            PaymentCommand::Authorize(authorize) => self.of_authorization(authorize),
            PaymentCommand::Capture(_)
            | PaymentCommand::Void(_)
            | PaymentCommand::Refund(_)
            | PaymentCommand::RefundLines(_)
            | PaymentCommand::WriteOff(_)
            | PaymentCommand::Reauthorize(_) => self.follow_ups.clone(),
        }
    }

    /// A command of an earlier version names no customer and has the bulkhead of its method.
    fn of_authorization(&self, authorize: &AuthorizePayment) -> Bulkhead {
        let mut methods = self.methods.lock().unwrap_or_else(PoisonError::into_inner);
        let name = &*authorize.method;
        let name = if methods.len() < METHODS_MAX || methods.contains_key(name) { name } else { OVERFLOW };
        if !methods.contains_key(name) {
            let whole = Bulkhead::of(self.method_calls_max, &self.all);
            methods.insert(name.to_owned(), Method { whole, customers: HashMap::new() });
        }
        let method = methods.get_mut(name).expect("it was inserted just now");
        match authorize.customer_id {
            Some(customer) => method.of_customer(customer, self.customer_calls_max),
            None => method.whole.clone(),
        }
    }
}

impl Method {
    fn of_customer(&mut self, customer: UserId, calls_max: usize) -> Bulkhead {
        if self.customers.len() > CUSTOMERS_KEPT {
            self.customers.retain(|_, bulkhead| !bulkhead.is_unused());
        }
        self.customers.entry(customer).or_insert_with(|| self.whole.part(calls_max)).clone()
    }
}
