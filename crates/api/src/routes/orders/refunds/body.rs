//! The bodies of refunds.

use crate::docs::sets::{RefundReasonSet, RefundScopeSet, RefundStatusSet};
use crate::idempotency::IdempotentResponse;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use domain::money::Money;
use domain::refund::{RefundQuote, RefundReason, RefundedLine};
use payments::Refund;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Debug, Serialize, ToSchema)]
pub struct RefundBody {
    id: Uuid,
    order_id: Uuid,
    #[schema(value_type = RefundStatusSet, inline)]
    status: &'static str,
    /// A refund for `fraud` shows its customer `other`.
    #[schema(value_type = RefundReasonSet, inline)]
    reason: &'static str,
    /// What was asked for.
    #[schema(value_type = RefundScopeSet, inline)]
    scope: &'static str,
    #[serde(flatten)]
    amounts: RefundAmountsBody,
    /// How often it was requested from the gateway; for support and admins.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1)]
    attempt: Option<u32>,
    /// Why it was refused, or is unknown; for support and admins.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// The amounts of a refund.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefundAmountsBody {
    #[schema(example = "USD")]
    currency: &'static str,
    /// The lines, shipping, and what belongs to neither.
    #[schema(example = 1999)]
    amount_minor: i64,
    /// The part of it that is shipping.
    #[schema(example = 0)]
    shipping_minor: i64,
    /// Empty for a refund of an amount.
    lines: Vec<RefundLineBody>,
}

/// Units of a line in a refund.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefundLineBody {
    #[schema(example = 1)]
    line_no: i16,
    #[schema(example = 1)]
    quantity: i64,
    /// With tax and discount.
    #[schema(example = 1999)]
    amount_minor: i64,
    /// The units' share of the line's tax.
    #[schema(example = 0)]
    tax_minor: i64,
    /// The units' share of the line's discount.
    #[schema(example = 0)]
    discount_minor: i64,
}

impl RefundAmountsBody {
    pub fn of_quote(quote: RefundQuote, amount: Money) -> Self {
        let RefundQuote { lines, shipping_minor, .. } = quote;
        Self {
            currency: amount.currency.code(),
            amount_minor: amount.amount_minor,
            shipping_minor,
            lines: lines.into_iter().map(RefundLineBody::from).collect(),
        }
    }
}

impl RefundBody {
    /// `is_staff` shows what only support and admins see.
    pub fn of(refund: Refund, is_staff: bool) -> Self {
        let amounts = RefundQuote {
            amount_minor: refund.amount.amount_minor,
            lines: refund.lines,
            shipping_minor: refund.shipping_minor,
        };
        Self {
            id: refund.id.as_uuid(),
            order_id: refund.order_id.as_uuid(),
            status: refund.status.into(),
            reason: shown_reason(refund.reason, is_staff).into(),
            scope: refund.scope.into(),
            amounts: RefundAmountsBody::of_quote(amounts, refund.amount),
            attempt: is_staff.then_some(refund.attempt),
            error: refund.error.filter(|_| is_staff),
            created_at: refund.created_at,
            updated_at: refund.updated_at,
        }
    }
}

/// A suspicion is not for the customer that it is about.
fn shown_reason(reason: RefundReason, is_staff: bool) -> RefundReason {
    match reason {
        RefundReason::Fraud if !is_staff => RefundReason::Other,
        reason => reason,
    }
}

impl From<RefundedLine> for RefundLineBody {
    fn from(line: RefundedLine) -> Self {
        let RefundedLine { line_no, units, amount_minor, tax_minor, discount_minor } = line;
        Self { line_no, quantity: units, amount_minor, tax_minor, discount_minor }
    }
}

/// The response to a change of a refund.
pub fn respond_accepted(refund: &Refund) -> IdempotentResponse {
    IdempotentResponse::json(StatusCode::ACCEPTED, &RefundBody::of(refund.clone(), true))
}
