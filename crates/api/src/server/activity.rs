//! What a connection is at: a request that is being answered, a head that is being read, or nothing.

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use tokio::time::Instant;

/// Shared between a connection's reading and its requests.
#[derive(Debug, Clone)]
pub(super) struct Activity(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// Requests whose answers are not written yet.
    answering: usize,
    /// Since when nothing is asked.
    idle_since: Instant,
    /// When the first byte of the next head came. From the begin, for the first head.
    head_since: Option<Instant>,
    /// The reader that waits for the next request, to be woken when the time for it begins.
    reader: Option<Waker>,
}

/// A request that is being answered, until its answer has been written or dropped.
#[derive(Debug)]
pub(super) struct Answering(Activity);

/// What a silent client is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waiting {
    /// Nothing: it waits for us.
    Answering,
    Head(Instant),
    NextRequest(Instant),
}

impl Default for Activity {
    fn default() -> Self {
        let now = Instant::now();
        Self(Arc::new(Mutex::new(State { answering: 0, idle_since: now, head_since: Some(now), reader: None })))
    }
}

impl Activity {
    pub fn begin(&self) -> Answering {
        let mut state = self.lock();
        state.answering += 1;
        state.head_since = None;
        Answering(self.clone())
    }

    /// Bytes have come.
    pub fn received(&self) {
        let mut state = self.lock();
        if state.answering == 0 && state.head_since.is_none() {
            state.head_since = Some(Instant::now());
        }
    }

    /// What is waited for now. When it is our own answer, `reader` is woken after it: nothing else would read then.
    pub fn waiting(&self, reader: &Waker) -> Waiting {
        let mut state = self.lock();
        if state.answering > 0 {
            state.reader = Some(reader.clone());
            return Waiting::Answering;
        }
        match state.head_since {
            Some(since) => Waiting::Head(since),
            None => Waiting::NextRequest(state.idle_since),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answering {
    pub fn until_sent(self, body: Body) -> Body {
        Body::new(Watched { body, _answering: self })
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.answering -= 1;
        state.idle_since = Instant::now();
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

/// A body that is dropped when the last of it was written.
struct Watched {
    body: Body,
    _answering: Answering,
}

impl HttpBody for Watched {
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
