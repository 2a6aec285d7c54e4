//! A session's calls to a provider. Calls that are answered promptly are settled together with their batch, slower
//! calls when their answers arrive.

use crate::bulkhead::{Bulkhead, PROMPT_LIMIT};
use crate::handle::{Delivery, Verdict};
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long a call may take. Longer than the limit of any slice: it only ends calls that have no limit of their own.
const CALL_LIMIT: Duration = Duration::from_mins(3);

/// The delivery tag: the number of a delivery in its session.
pub(super) type Tag = u64;

/// The calls in flight. Dropping this aborts them, and their outcome is unknown.
#[derive(Debug)]
pub struct Calls<C, A> {
    tasks: JoinSet<Answered<C, A>>,
    round: u64,
    awaited: usize,
}

/// A call that has ended: its answer, or the verdict on the message when there is no answer.
#[derive(Debug)]
pub struct Answered<C, A> {
    pub(super) tag: Tag,
    pub(super) delivery: Delivery<C>,
    pub(super) answer: Result<A, Verdict>,
    /// The round that waits for this call; `None` when no round does.
    round: Option<u64>,
}

impl<C: Send + 'static, A: Send + 'static> Calls<C, A> {
    pub(super) fn new() -> Self {
        Self { tasks: JoinSet::new(), round: 0, awaited: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Begins a round: [`Self::prompt_answers`] waits for the calls that are started after this.
    pub(super) fn begin_round(&mut self) {
        self.round += 1;
        self.awaited = 0;
    }

    /// Makes the call as soon as `bulkhead` has capacity for it. The round does not wait for it when the bulkhead is
    /// slow.
    pub(super) fn start(
        &mut self,
        (tag, delivery): (Tag, Delivery<C>),
        bulkhead: Bulkhead,
        call: impl Future<Output = A> + Send + 'static,
    ) {
        let round = (!bulkhead.is_slow()).then_some(self.round);
        self.awaited += usize::from(round.is_some());
        self.tasks.spawn(async move {
            let answer = match bulkhead.acquire().await {
                None => Err(no_capacity()),
                Some(_permit) => limited(call).await.map_err(Verdict::Retry),
            };
            Answered { tag, delivery, answer, round }
        });
    }

    /// The answers of the round that arrive within [`PROMPT_LIMIT`], and all late answers of earlier rounds.
    pub(super) async fn prompt_answers(&mut self) -> Vec<Answered<C, A>> {
        let mut answered = Vec::with_capacity(self.awaited);
        let gathering = async {
            while self.awaited > 0 {
                let Some(Ok(one)) = self.tasks.join_next().await else { break };
                self.awaited -= usize::from(one.round == Some(self.round));
                answered.push(one);
            }
        };
        // A timeout is no error: late answers are returned by `late_answers`.
        let _ = timeout(PROMPT_LIMIT, gathering).await;
        self.ready(answered)
    }

    /// Waits for the next answer and returns it with all others that are ready. Pending forever while there are no
    /// calls. Cancel-safe.
    pub(super) async fn late_answers(&mut self) -> Vec<Answered<C, A>> {
        while let Some(joined) = self.tasks.join_next().await {
            if let Ok(one) = joined {
                return self.ready(vec![one]);
            }
        }
        std::future::pending().await
    }

    fn ready(&mut self, mut answered: Vec<Answered<C, A>>) -> Vec<Answered<C, A>> {
        while let Some(Ok(one)) = self.tasks.try_join_next() {
            answered.push(one);
        }
        answered
    }
}

/// The verdict on a message whose call can't begin. No call is made, so no attempt is counted.
pub(super) fn no_capacity() -> Verdict {
    Verdict::Defer("all calls to the provider that may run at once are unanswered".to_owned())
}

/// A panic fails only the call that it happens in.
async fn limited<A>(call: impl Future<Output = A>) -> Result<A, String> {
    match timeout(CALL_LIMIT, AssertUnwindSafe(call).catch_unwind()).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(_panic)) => Err("the call to the provider panicked".to_owned()),
        Err(_late) => Err(format!("the call to the provider took longer than {CALL_LIMIT:?}")),
    }
}
