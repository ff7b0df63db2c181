//! What a task cost and who did it, told to whoever asked for the task.
//!
//! A model is not told for whom it works, so it cannot keep anybody's account. It notes its calls here,
//! in the task's own scope, and [`accounted`] hands them to the caller with the answer. Decides
//! nothing; outside such a scope a note is lost.

use splitplane_types::ModelUsage;
use std::cell::RefCell;
use std::time::Duration;

tokio::task_local! {
    static ACCOUNT: RefCell<Account>;
}

/// Tokens of one call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens read, those from the cache and into the cache included.
    pub input_tokens: u64,
    /// Those of `input_tokens` that came from the cache.
    pub cache_read_tokens: u64,
    /// Those of `input_tokens` that went into the cache.
    pub cache_write_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
}

/// One call of a model behind a network, with all its tries.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The model's id.
    pub model: String,
    /// Its provider, as the GenAI conventions name it.
    pub provider: &'static str,
    /// What it was asked for: `validate`, `route`, `write_sql` or `explain`.
    pub task: &'static str,
    /// Tokens, if the answer told them.
    pub usage: Usage,
    /// Whether `usage` is what was used; not so where a request went out and nothing came back to say it.
    pub is_counted: bool,
    /// Cost in US dollars, by the configured prices.
    pub cost: f64,
    /// How long it took.
    pub duration: Duration,
    /// Kind of the failure; `None` where there was an answer of the right form.
    pub failure: Option<&'static str>,
}

/// The calls of a task, and the model whose answer was taken.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Account {
    /// Every call, in order.
    pub calls: Vec<Call>,
    /// Name of the model that stood in for the one that was asked; `None` where none had to.
    pub stood_in: Option<&'static str>,
}

impl Account {
    /// Tokens of all calls, read and written.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        let of = |call: &Call| call.usage.input_tokens.saturating_add(call.usage.output_tokens);
        self.calls.iter().map(of).fold(0, u64::saturating_add)
    }
}

impl Account {
    /// All calls together.
    #[must_use]
    pub fn usage(&self) -> ModelUsage {
        let of = |call: &Call| ModelUsage {
            calls: 1,
            input_tokens: call.usage.input_tokens,
            cache_read_tokens: call.usage.cache_read_tokens,
            output_tokens: call.usage.output_tokens,
        };
        self.calls.iter().map(of).fold(ModelUsage::default(), ModelUsage::and)
    }

    /// Whether a call may have used tokens that nobody counted.
    #[must_use]
    pub fn is_uncounted(&self) -> bool {
        self.calls.iter().any(|call| !call.is_counted)
    }
}

/// Does a task, and says what it cost.
pub async fn accounted<T>(task: impl Future<Output = T>) -> (T, Account) {
    let whole = async {
        let answer = task.await;
        (answer, ACCOUNT.with(RefCell::take))
    };
    ACCOUNT.scope(RefCell::default(), whole).await
}

/// Notes a call.
pub(crate) fn note(call: Call) {
    // Nobody asked for an account.
    let _ = ACCOUNT.try_with(|account| account.borrow_mut().calls.push(call));
}

/// Notes that another model stood in.
pub(crate) fn note_stand_in(name: &'static str) {
    let _ = ACCOUNT.try_with(|account| account.borrow_mut().stood_in = Some(name));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(input_tokens: u64) -> Call {
        let usage = Usage { input_tokens, output_tokens: 1, ..Usage::default() };
        let (model, duration) = (String::from("m"), Duration::ZERO);
        Call { model, provider: "p", task: "t", usage, is_counted: true, cost: 0.0, duration, failure: None }
    }

    #[tokio::test]
    async fn two_tasks_at_once_have_an_account_each_and_a_note_outside_is_lost() {
        note(call(1));
        let first = accounted(async {
            note(call(10));
            tokio::task::yield_now().await;
            note(call(20));
        });
        let second = accounted(async {
            tokio::task::yield_now().await;
            note_stand_in("other");
        });
        let (((), first), ((), second)) = tokio::join!(first, second);
        assert_eq!((first.tokens(), first.stood_in), (32, None));
        assert_eq!((second.tokens(), second.stood_in), (0, Some("other")));
    }
}
