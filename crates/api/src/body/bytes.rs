//! Reads the bytes of a request body, with limits on size and time.

use crate::problem::{Kind, Problem};
use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use futures::StreamExt;
use std::time::Duration;

const BODY_BYTES_MAX: usize = 256 * 1024;
const BODY_TIMEOUT: Duration = Duration::from_secs(8);

pub async fn read(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Problem> {
    let declared = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > BODY_BYTES_MAX) {
        return Err(too_large());
    }
    let reading = collect(body, declared.unwrap_or_default());
    tokio::time::timeout(BODY_TIMEOUT, reading).await.unwrap_or_else(|_too_slow| Err(too_slow()))
}

async fn collect(body: Body, declared: usize) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::with_capacity(declared);
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_broken| {
            Problem::new(
                Kind::MalformedJson,
                "The request body is incomplete: the connection ended before its last byte",
            )
        })?;
        if bytes.len() + chunk.len() > BODY_BYTES_MAX {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn too_large() -> Problem {
    Problem::new(Kind::PayloadTooLarge, format!("The request body must have at most {BODY_BYTES_MAX} bytes"))
}

fn too_slow() -> Problem {
    Problem::new(Kind::RequestTimeout, format!("The request body was not received within {} s", BODY_TIMEOUT.as_secs()))
}
