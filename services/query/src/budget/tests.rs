use super::*;
use splitplane_store::{Place, Store};
use std::time::UNIX_EPOCH;

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

async fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Place::File(folder.path().join("state.db"))).await.unwrap();
    (folder, store)
}

async fn budgets(store: &Store) -> Budgets {
    Budgets::new(SingleUse::open(store.clone(), "query", 1_000_000).await.unwrap(), 1)
}

#[tokio::test]
async fn a_sandbox_runs_three_drafts_and_answers_once_before_it_expires() {
    let (_folder, store) = store().await;
    let budgets = budgets(&store).await;
    for _ in 0..3 {
        budgets.take_draft("r", at(10), at(1)).await.unwrap();
    }
    assert_eq!(budgets.take_draft("r", at(10), at(1)).await, Err(BudgetError::Exhausted));
    assert_eq!(budgets.take_draft("s", at(10), at(10)).await, Err(BudgetError::Expired));
    budgets.take_draft("t", at(10), at(1)).await.unwrap();
    assert_eq!(
        budgets.use_receipt("r", at(10), at(1)).await,
        Ok(()),
        "receipts and statements are told apart"
    );
    budgets.take_answer("r", at(10), at(1)).await.unwrap();
    assert_eq!(budgets.take_answer("r", at(10), at(1)).await, Err(BudgetError::Exhausted));
    assert_eq!(budgets.take_answer("s", at(10), at(10)).await, Err(BudgetError::Expired));
}

#[tokio::test]
async fn what_cannot_be_counted_is_refused() {
    let (_folder, store) = store().await;
    let budgets = budgets(&store).await;
    store.close().await;
    let unknown = Err(BudgetError::Unknown(UseError::Unavailable));
    assert_eq!(budgets.use_receipt("r", at(10), at(1)).await, unknown);
    assert_eq!(budgets.take_draft("r", at(10), at(1)).await, unknown);
    assert_eq!(budgets.take_answer("r", at(10), at(1)).await, unknown);
}

/// Every sequence of four steps, each an opening, a draft or an answer at either of two replicas, a restart or time
/// that passes: one opening succeeds and one answer, three drafts do, and nothing after the receipt has expired.
#[tokio::test]
async fn no_sequence_of_uses_restarts_and_time_goes_beyond_a_receipt() {
    const STEPS: u32 = 4;
    const LIFE: u64 = 2;
    let (_folder, store) = store().await;
    let (mut most_drafts, mut refused) = (0, 0);
    for sequence in 0..8_u32.pow(STEPS) {
        let mut replicas = [budgets(&store).await, budgets(&store).await];
        let (id, start) = (format!("receipt {sequence}"), u64::from(sequence) * 100);
        let (mut now, until) = (start, at(start + LIFE));
        let (mut opened, mut drafts, mut answers) = (0, 0, 0);
        for step in 0..STEPS {
            let taken = match sequence / 8_u32.pow(step) % 8 {
                0 => replicas[0].use_receipt(&id, until, at(now)).await.map(|()| opened += 1),
                1 => replicas[1].use_receipt(&id, until, at(now)).await.map(|()| opened += 1),
                2 => replicas[0].take_draft(&id, until, at(now)).await.map(|()| drafts += 1),
                3 => replicas[1].take_draft(&id, until, at(now)).await.map(|()| drafts += 1),
                4 => replicas[0].take_answer(&id, until, at(now)).await.map(|()| answers += 1),
                5 => replicas[1].take_answer(&id, until, at(now)).await.map(|()| answers += 1),
                6 => {
                    replicas[0] = budgets(&store).await;
                    Ok(())
                }
                _ => {
                    now += 1;
                    Ok(())
                }
            };
            // An expired receipt is refused before it is used: nothing is opened by it any more.
            assert!(opened <= 1 && drafts <= 3 && answers <= 1, "{sequence}");
            assert!(!matches!(taken, Err(BudgetError::Unknown(_))), "{sequence}: {taken:?}");
            let is_over = now >= start + LIFE;
            if taken == Err(BudgetError::Expired) {
                assert!(is_over);
            }
            refused += usize::from(taken.is_err());
        }
        most_drafts = most_drafts.max(drafts);
    }
    assert_eq!(most_drafts, 3);
    assert!(refused > 200, "{refused}");
}

#[tokio::test]
async fn a_tenant_at_its_limit_waits_in_a_short_queue_and_leaves_others_alone() {
    let (_folder, store) = store().await;
    let budgets = Arc::new(budgets(&store).await);
    let (a, b): (TenantId, TenantId) = ("a".parse().unwrap(), "b".parse().unwrap());
    let minute = Duration::from_secs(60);
    let held = budgets.enter(&a, minute).await.unwrap();
    // In time there is none.
    assert_eq!(budgets.enter(&a, Duration::ZERO).await.unwrap_err(), BudgetError::TenantBusy);
    let mut waiting: Vec<_> =
        (0..WAITING_PER_TENANT_MAX).map(|_| Box::pin(budgets.enter(&a, minute))).collect();
    for enter in &mut waiting {
        assert!(futures::poll!(enter).is_pending());
    }
    // The queue is full, and for that nobody waits.
    assert_eq!(budgets.enter(&a, minute).await.unwrap_err(), BudgetError::TenantBusy);
    let _other = budgets.enter(&b, minute).await.unwrap();
    drop(held);
    let first = waiting.remove(0).await.unwrap();
    assert!(futures::poll!(&mut waiting[0]).is_pending());
    drop(first);
    assert!(waiting.remove(0).await.is_ok());
    drop(waiting);
    assert!(budgets.enter(&a, minute).await.is_ok());
}
