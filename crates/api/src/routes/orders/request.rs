//! The request body of a new order. Prices come from the catalogue, never from the client. Taxes, discounts and shipping
//! come from clients that may adjust totals.

use super::recipient::{ContactBody, ShipToBody, read_contact, read_ship_to};
use crate::body::{Field, FromJson, Members, integer_within, one_of, parsed};
use crate::docs::sets::AllocationPolicySet;
use crate::problem::text::{self, invalid_value};
use crate::problem::{Kind, Problem};
use domain::ids::ReturnId;
use domain::inventory::AllocationPolicy;
use domain::money::{AmountMinor, Currency};
use domain::order::order_request::{LINES_MAX, Note, OrderLines, OrderRequest, PaymentMethod};
use domain::order::{
    Adjustments, Contact, ExternalRef, LineAdjustment, METADATA_ENTRIES_MAX, Metadata, OrderDetails, Recipient, ShipTo,
};
use domain::product::{Line, Quantity, Sku};
use payments::PaymentMethods;
use utoipa::ToSchema;

/// Far more than any order costs; a sum of such amounts does not overflow.
const AMOUNT_MINOR_MAX: i64 = 1_000_000_000_000;

#[derive(Debug, ToSchema)]
pub struct PlaceOrderBody {
    /// The currency that you expect; if the prices are in another one, the order is refused.
    #[schema(value_type = Option<String>, example = "USD")]
    currency: Option<Currency>,
    /// 1 to 100 lines, each SKU at most once.
    #[schema(value_type = Vec<LineBody>, min_items = 1, max_items = 100)]
    items: Vec<RequestedLine>,
    /// A payment method of the configured gateway. The simulated gateway has `sim_ok` (default), and `sim_declined`,
    /// `sim_timeout`, `sim_flaky`, `sim_down`, `sim_capture_declined`, `sim_refund_declined`, `sim_auth_expires` and
    /// `sim_void_down` to simulate failures.
    #[schema(value_type = Option<String>, example = "sim_ok")]
    payment_method: Option<PaymentMethod>,
    /// A note to the vendor.
    #[schema(value_type = Option<String>, max_length = 1000, example = "Please ring twice")]
    note: Option<Note>,
    /// Where the goods go. Some installations require it.
    #[schema(value_type = Option<ShipToBody>)]
    ship_to: Option<ShipTo>,
    /// For the carrier.
    #[schema(value_type = Option<ContactBody>)]
    contact: Option<Contact>,
    /// Your own reference, visible to you and to staff. Two of your orders can't have the same.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    external_ref: Option<ExternalRef>,
    /// Texts of your own, visible to you and to staff: up to 20, with keys of 1 to 40 letters, digits, dots, dashes or
    /// underscores and values of up to 500 characters.
    #[schema(value_type = std::collections::BTreeMap<String, String>, required = false, example = json!({ "channel": "web" }))]
    metadata: Metadata,
    /// The price of shipping in minor units, added to the total. Only for callers who may adjust totals.
    #[schema(value_type = Option<i64>, minimum = 0)]
    shipping_minor: Option<AmountMinor>,
    /// How the warehouses of this order are chosen, instead of by the policy of the installation. Only for admins.
    #[schema(value_type = Option<AllocationPolicySet>, inline)]
    allocation_policy: Option<AllocationPolicy>,
    /// A return of yours whose units this order replaces. Both show each other; nothing else changes.
    #[schema(value_type = Option<uuid::Uuid>)]
    exchange_of: Option<ReturnId>,
}

/// A line with the amounts that the caller adds to its price.
#[derive(Debug)]
struct RequestedLine {
    line: Line,
    tax_minor: Option<AmountMinor>,
    discount_minor: Option<AmountMinor>,
}

#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "the schema of `Line` in the OpenAPI description")]
pub struct LineBody {
    #[schema(example = "SKU-HEADPHONES")]
    sku: String,
    #[schema(example = 2, minimum = 1, maximum = 1000)]
    quantity: u32,
    /// Tax on all units together in minor units, added to the total. Only for callers who may adjust totals.
    #[schema(minimum = 0)]
    tax_minor: Option<i64>,
    /// Discount on all units together in minor units, at most their price with tax. Only for callers who may adjust
    /// totals.
    #[schema(minimum = 0)]
    discount_minor: Option<i64>,
}

impl FromJson for PlaceOrderBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let currency = members.optional("currency", parsed);
        let items = members.required("items", |items| items.list(LINES_MAX, read_line));
        let payment_method = members.optional("payment_method", parsed);
        let note = members.optional("note", parsed);
        let ship_to = members.optional("ship_to", read_ship_to);
        let contact = members.optional("contact", read_contact);
        let external_ref = members.optional("external_ref", parsed);
        let metadata = members.optional("metadata", |field| field.entries(METADATA_ENTRIES_MAX, parsed));
        let shipping_minor = members.optional("shipping_minor", amount);
        let allocation_policy = members.optional("allocation_policy", one_of);
        let exchange_of = members.optional("exchange_of", parsed);
        Some(Self {
            currency: currency?,
            items: items?,
            payment_method: payment_method?,
            note: note?,
            ship_to: ship_to?,
            contact: contact?,
            external_ref: external_ref?,
            metadata: metadata?.unwrap_or_default(),
            shipping_minor: shipping_minor?,
            allocation_policy: allocation_policy?,
            exchange_of: exchange_of?,
        })
    }
}

fn amount(field: Field<'_>) -> Option<AmountMinor> {
    integer_within(field, 0..=AMOUNT_MINOR_MAX)
}

fn read_line(item: Field<'_>) -> Option<RequestedLine> {
    item.members(|members| {
        let sku = members.required("sku", parsed::<Sku>);
        let quantity = members.required("quantity", |field| field.integer_as(Quantity::try_from));
        let tax_minor = members.optional("tax_minor", amount);
        let discount_minor = members.optional("discount_minor", amount);
        let line = Line { sku: sku?, quantity: quantity? };
        Some(RequestedLine { line, tax_minor: tax_minor?, discount_minor: discount_minor? })
    })
}

impl PlaceOrderBody {
    /// Whether the caller needs the permission to adjust totals.
    pub fn adjusts_totals(&self) -> bool {
        self.shipping_minor.is_some()
            || self.items.iter().any(|item| item.tax_minor.is_some() || item.discount_minor.is_some())
    }

    /// Whether the caller needs the permission to choose the allocation policy.
    pub fn chooses_allocation(&self) -> bool {
        self.allocation_policy.is_some()
    }

    pub fn into_request(self, methods: PaymentMethods) -> Result<OrderRequest, Problem> {
        let adjustments = self.adjustments();
        let Self {
            currency,
            items,
            payment_method,
            note,
            ship_to,
            contact,
            external_ref,
            metadata,
            allocation_policy,
            exchange_of,
            ..
        } = self;
        let payment_method = payment_method.map_or_else(|| default_of(methods), Ok)?;
        let items: Vec<Line> = items.into_iter().map(|item| item.line).collect();
        let lines = OrderLines::parse(items.clone()).map_err(|error| Problem::invalid_order(&error, &items))?;
        let details = OrderDetails { recipient: Recipient { ship_to, contact }, external_ref, metadata, exchange_of };
        Ok(OrderRequest { currency, lines, payment_method, note, details, adjustments, allocation_policy })
    }

    fn adjustments(&self) -> Adjustments {
        if !self.adjusts_totals() {
            return Adjustments::default();
        }
        let line = |item: &RequestedLine| LineAdjustment {
            tax_minor: item.tax_minor.unwrap_or_default(),
            discount_minor: item.discount_minor.unwrap_or_default(),
        };
        let lines = self.items.iter().map(line).collect();
        Adjustments { lines, shipping_minor: self.shipping_minor.unwrap_or_default() }
    }
}

fn default_of(methods: PaymentMethods) -> Result<PaymentMethod, Problem> {
    let default = methods.default_method().and_then(|name| name.parse().ok());
    default.ok_or_else(|| {
        let detail = format!("`payment_method` is required: {}", text::one_of(methods.names()));
        Problem::about(Kind::Validation, "/payment_method", detail)
    })
}

/// The problem of an unknown payment method. It is checked before the order is accepted: after the 202 the order could
/// only be rejected.
pub fn unknown_method(method: &PaymentMethod, methods: PaymentMethods) -> Option<Problem> {
    let rule = || format!("must be {}", text::one_of(methods.names()));
    let detail = || invalid_value("payment_method", rule(), method.as_str());
    (!methods.supports(method.as_str())).then(|| Problem::about(Kind::Validation, "/payment_method", detail()))
}
