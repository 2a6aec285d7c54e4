//! A session's calls to a provider: those that are answered promptly are settled together, the others when they are answered.

use crate::bulkhead::{Bulkhead, GRACE};
use crate::handle::{Delivery, Verdict};
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long a call may take. Longer than any slice lets it: it ends only what has no limit of its own.
const CALL_LIMIT: Duration = Duration::from_mins(3);

/// A delivery's number in its session.
pub(super) type Tag = u64;

/// Calls that are under way; dropped, they are given up, and their outcome is unknown.
#[derive(Debug)]
pub struct Calls<C, A> {
    tasks: JoinSet<Answered<C, A>>,
    round: u64,
    awaited: usize,
}

/// A call that was answered, or the verdict on a message whose call was not.
#[derive(Debug)]
pub struct Answered<C, A> {
    pub(super) tag: Tag,
    pub(super) delivery: Delivery<C>,
    pub(super) answer: Result<A, Verdict>,
    /// The round that waits for it, if any does.
    round: Option<u64>,
}

impl<C: Send + 'static, A: Send + 'static> Calls<C, A> {
    pub(super) fn new() -> Self {
        Self { tasks: JoinSet::new(), round: 0, awaited: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Begins a round: [`Self::prompt`] answers what it starts.
    pub(super) fn begin_round(&mut self) {
        self.round += 1;
        self.awaited = 0;
    }

    /// Makes the call as soon as `bulkhead` has a place for it. Where none is answered, nobody waits for one more.
    pub(super) fn start(
        &mut self,
        (tag, delivery): (Tag, Delivery<C>),
        bulkhead: Bulkhead,
        call: impl Future<Output = A> + Send + 'static,
    ) {
        let round = (!bulkhead.is_slow()).then_some(self.round);
        self.awaited += usize::from(round.is_some());
        self.tasks.spawn(async move {
            let answer = match bulkhead.enter().await {
                None => Err(Verdict::Defer("too many calls to the provider are not answered".to_owned())),
                Some(_permit) => limited(call).await.map_err(Verdict::Retry),
            };
            Answered { tag, delivery, answer, round }
        });
    }

    /// All answers of the round, or what there is of them after [`GRACE`]; and what else was answered meanwhile.
    pub(super) async fn prompt(&mut self) -> Vec<Answered<C, A>> {
        let mut answered = Vec::with_capacity(self.awaited);
        let gathering = async {
            while self.awaited > 0 {
                let Some(Ok(one)) = self.tasks.join_next().await else { break };
                self.awaited -= usize::from(one.round == Some(self.round));
                answered.push(one);
            }
        };
        // Late ones are no error.
        let _ = timeout(GRACE, gathering).await;
        self.ready(answered)
    }

    /// The next answer and all that are there with it; none ever while no call is under way. Given up, it loses nothing.
    pub(super) async fn late(&mut self) -> Vec<Answered<C, A>> {
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

/// A panic is the failure of one call.
async fn limited<A>(call: impl Future<Output = A>) -> Result<A, String> {
    match timeout(CALL_LIMIT, AssertUnwindSafe(call).catch_unwind()).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(_panic)) => Err("the call to the provider panicked".to_owned()),
        Err(_late) => Err(format!("the call to the provider took longer than {CALL_LIMIT:?}")),
    }
}
