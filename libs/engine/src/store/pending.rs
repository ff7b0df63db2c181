//! Waiting for a request from a thread that may block.
//!
//! Requests run on threads of their own; whoever needs an answer waits for it, and looks up now and then
//! to see whether anyone still waits for them. A request that nobody waits for any more is given up.

use crate::error::AnyError;
use crate::interrupt::Interrupt;
use bytes::Bytes;
use std::future::Future;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

/// How often a waiting thread asks whether its statement has been given up.
const LOOK_UP_EVERY: Duration = Duration::from_millis(20);

/// An answer that is on its way.
#[derive(Debug)]
pub(crate) struct Pending<T = Bytes> {
    answer: Receiver<Result<T, AnyError>>,
    task: AbortHandle,
}

impl<T: Send + 'static> Pending<T> {
    /// Begins `work` on the threads of `on`.
    pub(crate) fn begin(
        on: &Handle,
        work: impl Future<Output = Result<T, AnyError>> + Send + 'static,
    ) -> Self {
        let (send, answer) = sync_channel(1);
        let task = on.spawn(async move {
            // Nobody waits any more: then there is nobody to tell.
            let _ = send.send(work.await);
        });
        Self { answer, task: task.abort_handle() }
    }

    /// The answer, or an error once the statement is given up.
    pub(crate) fn wait(self, interrupt: &Interrupt) -> Result<T, AnyError> {
        loop {
            interrupt.check()?;
            match self.answer.recv_timeout(LOOK_UP_EVERY) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err("a request ended without an answer".into()),
            }
        }
    }
}

impl<T> Drop for Pending<T> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_request_of_a_statement_that_was_given_up_is_given_up() {
        struct Told(std::sync::mpsc::Sender<()>);
        impl Drop for Told {
            fn drop(&mut self) {
                self.0.send(()).unwrap();
            }
        }
        let (send, dropped) = channel();
        let told = Told(send);
        let forever = async move {
            let _told = told;
            std::future::pending::<Result<Bytes, AnyError>>().await
        };
        let pending = Pending::begin(&Handle::current(), forever);
        let interrupt = Interrupt::default();
        interrupt.set();
        let waited = tokio::task::spawn_blocking(move || {
            let error = pending.wait(&interrupt).unwrap_err();
            assert!(error.downcast_ref::<crate::EngineError>().is_some(), "{error:?}");
            dropped.recv_timeout(Duration::from_secs(10)).unwrap();
        });
        waited.await.unwrap();
    }
}
