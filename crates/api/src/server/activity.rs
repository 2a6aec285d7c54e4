//! The phase of a connection: responding to a request, reading request headers, or idle.

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use tokio::time::Instant;

/// Shared between the I/O of a connection and its requests.
#[derive(Debug, Clone)]
pub(super) struct Activity(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// Requests whose responses are not fully written.
    in_progress: usize,
    /// When the last request ended.
    idle_since: Instant,
    /// When the first byte of the next request arrived; for the first request, when the connection was opened.
    headers_since: Option<Instant>,
    /// The task that reads, to be woken when the timeout for the next request starts.
    reader: Option<Waker>,
}

/// Marks a request as in progress until its response is written or dropped.
#[derive(Debug)]
pub(super) struct RequestGuard(Activity);

/// Decides which timeout applies while nothing can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConnectionPhase {
    /// The client waits for our response: no read timeout.
    Responding,
    ReadingHeaders(Instant),
    Idle(Instant),
}

impl Default for Activity {
    fn default() -> Self {
        let now = Instant::now();
        Self(Arc::new(Mutex::new(State { in_progress: 0, idle_since: now, headers_since: Some(now), reader: None })))
    }
}

impl Activity {
    pub fn begin_request(&self) -> RequestGuard {
        let mut state = self.lock();
        state.in_progress += 1;
        state.headers_since = None;
        RequestGuard(self.clone())
    }

    /// Bytes have arrived.
    pub fn received(&self) {
        let mut state = self.lock();
        if state.in_progress == 0 && state.headers_since.is_none() {
            state.headers_since = Some(Instant::now());
        }
    }

    /// The current phase. While responding, `reader` is stored and woken when the last response ends; nothing else
    /// would poll the connection then.
    pub fn phase(&self, reader: &Waker) -> ConnectionPhase {
        let mut state = self.lock();
        if state.in_progress > 0 {
            state.reader = Some(reader.clone());
            return ConnectionPhase::Responding;
        }
        match state.headers_since {
            Some(since) => ConnectionPhase::ReadingHeaders(since),
            None => ConnectionPhase::Idle(state.idle_since),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RequestGuard {
    /// Keeps the guard alive until the body is written or dropped.
    pub fn attach_to(self, body: Body) -> Body {
        Body::new(GuardedBody { body, _guard: self })
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.in_progress -= 1;
        state.idle_since = Instant::now();
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

/// Hyper drops a response body after its last byte was written; the guard goes with it.
struct GuardedBody {
    body: Body,
    _guard: RequestGuard,
}

impl HttpBody for GuardedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
