//! The request body of a new order. Prices come from the catalogue, never from the client.

use crate::body::{Field, FromJson, Members, parsed};
use crate::problem::text::{invalid_value, one_of};
use crate::problem::{Kind, Problem};
use domain::money::Currency;
use domain::order::order_request::{LINES_MAX, Note, OrderLines, OrderRequest, PaymentMethod};
use domain::product::{Line, Quantity, Sku};
use payments::PaymentMethods;
use utoipa::ToSchema;

#[derive(Debug, ToSchema)]
pub struct PlaceOrderBody {
    /// The currency that you expect; if the prices are in another one, the order is refused.
    #[schema(value_type = Option<String>, example = "USD")]
    currency: Option<Currency>,
    /// 1 to 100 lines, each SKU at most once.
    #[schema(value_type = Vec<LineBody>, min_items = 1, max_items = 100)]
    items: Vec<Line>,
    /// A payment method of the configured gateway. The simulated gateway has `sim_ok` (default), and `sim_declined`,
    /// `sim_timeout`, `sim_flaky` and `sim_down` to simulate failures.
    #[schema(value_type = Option<String>, example = "sim_ok")]
    payment_method: Option<PaymentMethod>,
    /// A note to the vendor.
    #[schema(value_type = Option<String>, max_length = 1000, example = "Please ring twice")]
    note: Option<Note>,
}

#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "the schema of `Line` in the OpenAPI description")]
pub struct LineBody {
    #[schema(example = "SKU-HEADPHONES")]
    sku: String,
    #[schema(example = 2, minimum = 1, maximum = 1000)]
    quantity: u32,
}

impl FromJson for PlaceOrderBody {
    fn read(members: &mut Members<'_>) -> Option<Self> {
        let currency = members.optional("currency", parsed);
        let items = members.required("items", |items| items.list(LINES_MAX, read_line));
        let payment_method = members.optional("payment_method", parsed);
        let note = members.optional("note", parsed);
        Some(Self { currency: currency?, items: items?, payment_method: payment_method?, note: note? })
    }
}

fn read_line(item: Field<'_>) -> Option<Line> {
    item.members(|members| {
        let sku = members.required("sku", parsed::<Sku>);
        let quantity = members.required("quantity", |field| field.integer_as(Quantity::try_from));
        Some(Line { sku: sku?, quantity: quantity? })
    })
}

impl PlaceOrderBody {
    pub fn into_request(self, methods: PaymentMethods) -> Result<OrderRequest, Problem> {
        let Self { currency, items, payment_method, note } = self;
        let payment_method = payment_method.map_or_else(|| default_of(methods), Ok)?;
        let lines = OrderLines::parse(items.clone()).map_err(|error| Problem::invalid_order(&error, &items))?;
        Ok(OrderRequest { currency, lines, payment_method, note })
    }
}

fn default_of(methods: PaymentMethods) -> Result<PaymentMethod, Problem> {
    let default = methods.default_method().and_then(|name| name.parse().ok());
    default.ok_or_else(|| {
        let detail = format!("`payment_method` is required: {}", one_of(methods.names()));
        Problem::about(Kind::Validation, "/payment_method", detail)
    })
}

/// The problem of an unknown payment method. It is checked before the order is accepted: after the 202 the order could
/// only be rejected.
pub fn unknown_method(method: &PaymentMethod, methods: PaymentMethods) -> Option<Problem> {
    let rule = || format!("must be {}", one_of(methods.names()));
    let detail = || invalid_value("payment_method", rule(), method.as_str());
    (!methods.supports(method.as_str())).then(|| Problem::about(Kind::Validation, "/payment_method", detail()))
}
