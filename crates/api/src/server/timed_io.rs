//! A stream with timeouts: it ends when the client is too slow to send a request or to read a response.

use super::ServerLimits;
use super::activity::{Activity, ConnectionPhase};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

#[derive(Debug)]
pub(super) struct TimedIo<S> {
    stream: S,
    activity: Activity,
    limits: ServerLimits,
    /// Runs while nothing can be read.
    read_timer: Pin<Box<Sleep>>,
    /// Runs while nothing can be written.
    write_timer: Pin<Box<Sleep>>,
    is_write_blocked: bool,
}

impl<S> TimedIo<S> {
    pub fn new(stream: S, activity: Activity, limits: ServerLimits) -> Self {
        let timer = || Box::pin(tokio::time::sleep_until(Instant::now()));
        let (read_timer, write_timer) = (timer(), timer());
        Self { stream, activity, limits, read_timer, write_timer, is_write_blocked: false }
    }

    /// When to end the connection if nothing can be read until then.
    fn read_deadline(&self, context: &Context<'_>) -> Option<Instant> {
        match self.activity.phase(context.waker()) {
            ConnectionPhase::Responding => None,
            ConnectionPhase::ReadingHeaders(since) => Some(since + self.limits.header_timeout),
            ConnectionPhase::Idle(since) => Some(since + self.limits.keep_alive),
        }
    }

    fn after_write<T>(&mut self, written: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.is_write_blocked = false;
            return written;
        }
        if !self.is_write_blocked {
            self.is_write_blocked = true;
            self.write_timer.as_mut().reset(Instant::now() + self.limits.write_timeout);
        }
        match self.write_timer.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TimedIo<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_ready() {
            if buffer.filled().len() > before {
                self.activity.received();
            }
            return read;
        }
        let Some(deadline) = self.read_deadline(context) else { return Poll::Pending };
        if self.read_timer.deadline() != deadline {
            self.read_timer.as_mut().reset(deadline);
        }
        // An empty read: hyper sees the end of the stream, as if the client had closed the connection.
        self.read_timer.as_mut().poll(context).map(Ok)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TimedIo<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.after_write(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.after_write(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
