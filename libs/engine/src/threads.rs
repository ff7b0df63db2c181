//! Threads of the engine's own: planning and execution never run where requests are served.
//!
//! Planning recurses and cannot be interrupted, so every statement has a thread with a large stack, the
//! number of such threads is bounded, and its caller gets an answer when the time is over whether or
//! not the thread has come back. A caller who leaves is noticed at the statement's next await point.

use crate::EngineError;
use crate::interrupt::Interrupt;
use crate::turns::Turns;
use futures::future::{Either, select};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{oneshot, watch};

/// The runtime and how many statements may use it.
#[derive(Debug)]
pub(crate) struct Threads {
    runtime: Option<Runtime>,
    handle: Handle,
    turns: Arc<Turns>,
    activity: Activity,
}

/// How many statements and scans are running.
#[derive(Debug, Clone)]
pub(crate) struct Activity(Arc<watch::Sender<usize>>);

/// Counts as running until dropped.
#[derive(Debug)]
pub(crate) struct Active(Activity);

/// The waiting side of a statement.
struct Caller {
    _alive: oneshot::Sender<()>,
    interrupt: Interrupt,
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.interrupt.set();
    }
}

impl Activity {
    pub(crate) fn begin(&self) -> Active {
        self.0.send_modify(|running| *running += 1);
        Active(self.clone())
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<usize> {
        self.0.subscribe()
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.0.0.send_modify(|running| *running -= 1);
    }
}

impl Threads {
    pub(crate) fn new(threads: usize, stack_bytes: usize) -> Result<Self, EngineError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads.max(1))
            .thread_stack_size(stack_bytes)
            .thread_name("splitplane-engine")
            .enable_time()
            .build()
            .map_err(EngineError::internal)?;
        let handle = runtime.handle().clone();
        Ok(Self {
            runtime: Some(runtime),
            handle,
            turns: Turns::new(threads.max(1)),
            activity: Activity(Arc::new(watch::Sender::new(0))),
        })
    }

    pub(crate) const fn activity(&self) -> &Activity {
        &self.activity
    }

    /// Runs one statement's work on a thread of its own, for at most `time_max`, waiting included. It waits
    /// in its lane's queue.
    pub(crate) async fn run<T, Work>(
        &self,
        lane: &str,
        time_max: Duration,
        work: impl FnOnce(Interrupt) -> Work + Send + 'static,
    ) -> Result<T, EngineError>
    where
        T: Send + 'static,
        Work: Future<Output = Result<T, EngineError>>,
    {
        // Dropped with this future, by the caller or by the time limit; the thread sees the other end close.
        let (alive, gone) = oneshot::channel::<()>();
        let interrupt = Interrupt::default();
        let _caller = Caller { _alive: alive, interrupt: interrupt.clone() };
        let (handle, active) = (self.handle.clone(), self.activity.begin());
        let statement = async move {
            let turn = self.turns.take(lane).await?;
            let thread = handle.clone().spawn_blocking(move || {
                let _running = (turn, active);
                handle.block_on(async {
                    match select(gone, pin!(interrupt.clone().over(work(interrupt)))).await {
                        Either::Left(_gone) => Err(EngineError::Cancelled),
                        Either::Right((result, _)) => result,
                    }
                })
            });
            // A panic of the engine is this statement's failure and no one else's.
            thread.await.map_err(EngineError::internal)?
        };
        let bounded = {
            let _timers = self.handle.enter();
            tokio::time::timeout(time_max, statement)
        };
        bounded.await.unwrap_or(Err(EngineError::TimeExceeded { time_max }))
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // Dropping a runtime waits for its threads, which is not allowed where requests are served.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_one_statements_failure() {
        let threads = Threads::new(1, 1 << 20).unwrap();
        let minute = Duration::from_secs(60);
        let failed: Result<(), _> =
            threads.run("a", minute, |_interrupt| async { panic!("on purpose") }).await;
        assert!(matches!(failed, Err(EngineError::Internal { .. })));
        assert!(matches!(threads.run("a", minute, |_interrupt| async { Ok(7) }).await, Ok(7)));
    }

    #[tokio::test]
    async fn what_is_planned_on_a_thread_finds_its_own_interrupt() {
        let threads = Threads::new(1, 1 << 20).unwrap();
        let minute = Duration::from_secs(60);
        let work = |interrupt: Interrupt| async move {
            interrupt.set();
            Ok(Interrupt::current().is_set())
        };
        assert!(matches!(threads.run("a", minute, work).await, Ok(true)));
        assert!(!Interrupt::current().is_set());
    }

    #[tokio::test]
    async fn a_caller_is_answered_in_time_even_by_a_thread_that_never_yields() {
        let threads = Threads::new(1, 1 << 20).unwrap();
        let (release, blocked) = std::sync::mpsc::channel::<()>();
        let stuck = threads.run("a", Duration::from_millis(50), move |_interrupt| async move {
            // Blocks the thread as planning does: no await point.
            blocked.recv().map_err(EngineError::internal)
        });
        assert!(matches!(stuck.await, Err(EngineError::TimeExceeded { .. })));
        let mut running = threads.activity().subscribe();
        assert_eq!(*running.borrow_and_update(), 1);
        release.send(()).unwrap();
        running.wait_for(|running| *running == 0).await.unwrap();
    }
}
