//! The ledger as CSV (RFC 4180), streamed: a chunk is read when the client has received the one before.

use super::entry::LedgerEntryBody;
use axum::BoxError;
use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, Stream};
use payments::{LedgerCursor, LedgerEntryView, LedgerFilter};
use sqlx::PgPool;
use std::fmt::Write as _;
use std::time::Duration;
use tokio::time::Instant;

const HEADER: &str = "at,order_id,kind,amount_minor,currency,gateway,operation_key,cause,message_id\r\n";
/// Entries that are read at once.
const CHUNK_ROWS: u32 = 1_000;
/// How long an export may take. One that takes longer is cut off, and its connection closed.
const EXPORT_LIMIT: Duration = Duration::from_mins(10);

struct Export {
    pool: PgPool,
    filter: LedgerFilter,
    after: Option<LedgerCursor>,
    ends: Instant,
    /// The header, then empty.
    start: &'static str,
    is_complete: bool,
}

/// The entries of the filter after `after`.
pub fn export(pool: PgPool, filter: LedgerFilter, after: Option<LedgerCursor>) -> Response {
    let ends = Instant::now() + EXPORT_LIMIT;
    let export = Export { pool, filter, after, ends, start: HEADER, is_complete: false };
    let headers =
        [(CONTENT_TYPE, "text/csv; charset=utf-8"), (CONTENT_DISPOSITION, "attachment; filename=\"ledger.csv\"")];
    (headers, Body::from_stream(export.chunks())).into_response()
}

impl Export {
    /// After an error the client sees an incomplete response.
    fn chunks(self) -> impl Stream<Item = Result<Bytes, BoxError>> {
        stream::try_unfold(self, async |mut export| {
            if export.is_complete {
                return Ok(None);
            }
            let chunk =
                export.next_chunk().await.inspect_err(|error| tracing::warn!(%error, "An export was cut off"))?;
            Ok(Some((chunk, export)))
        })
    }

    async fn next_chunk(&mut self) -> Result<Bytes, BoxError> {
        let entries = payments::read_ledger(&self.pool, &self.filter, self.after, CHUNK_ROWS);
        let entries = tokio::time::timeout_at(self.ends, entries).await??;
        self.is_complete = entries.len() < CHUNK_ROWS as usize;
        self.after = entries.last().map(LedgerEntryView::cursor);
        let mut text = std::mem::take(&mut self.start).to_owned();
        entries.into_iter().map(LedgerEntryBody::from).for_each(|entry| push_row(&mut text, &entry));
        Ok(text.into())
    }
}

fn push_row(text: &mut String, entry: &LedgerEntryBody) {
    let LedgerEntryBody { at, order_id, kind, amount_minor, currency, gateway, operation_key, cause, message_id } =
        entry;
    let (gateway, cause) = (field(gateway), field(cause.as_deref().unwrap_or_default()));
    let message_id = message_id.map(|id| id.to_string()).unwrap_or_default();
    let at = at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "{at},{order_id},{kind},{amount_minor},{currency},{gateway},{operation_key},{cause},{message_id}\r\n"
    );
}

/// Quoted where RFC 4180 demands it.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_quoted_where_it_has_to_be() {
        assert_eq!(["plain", "a,b", "a\"b", "a\nb"].map(field), ["plain", "\"a,b\"", "\"a\"\"b\"", "\"a\nb\""]);
    }
}
