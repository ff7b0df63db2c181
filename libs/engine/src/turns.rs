//! Turns: whose work runs next when more of it waits than there are threads.
//!
//! A thread that becomes free goes to the lane (a tenant) with the least work running, and among equals to
//! the one that was served longest ago, so a lane that floods waits for itself: another's next statement
//! waits for one running statement at most. How many wait in a lane is bounded, and who gives up waiting
//! leaves no trace. Does not know deadlines: its callers stop waiting at theirs.

use crate::EngineError;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Work of one lane that may wait; more is refused at once.
const WAITING_PER_LANE_MAX: usize = 64;

/// Hands out turns.
#[derive(Debug)]
pub(crate) struct Turns {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    free: usize,
    running: HashMap<String, usize>,
    /// Lanes in which someone waits, the one served longest ago first.
    lanes: VecDeque<Lane>,
}

#[derive(Debug)]
struct Lane {
    name: String,
    waiting: VecDeque<oneshot::Sender<Turn>>,
}

/// A place among those that run, until dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    /// `None` once the place has been taken back.
    place: Option<(Arc<Turns>, String)>,
}

impl Turns {
    pub(crate) fn new(places: usize) -> Arc<Self> {
        let state = State { free: places, running: HashMap::new(), lanes: VecDeque::new() };
        Arc::new(Self { state: Mutex::new(state) })
    }

    /// Waits for a turn of this lane.
    pub(crate) async fn take(self: &Arc<Self>, lane: &str) -> Result<Turn, EngineError> {
        let turn = self.ask(lane)?;
        turn.await.map_err(EngineError::internal)
    }

    /// Queues for a turn; the place in the queue is given up when the receiver is dropped.
    fn ask(self: &Arc<Self>, lane: &str) -> Result<oneshot::Receiver<Turn>, EngineError> {
        let (sender, receiver) = oneshot::channel();
        {
            let mut state = self.lock();
            let at = state.lanes.iter().position(|other| other.name == lane);
            match at.and_then(|at| state.lanes.get_mut(at)) {
                Some(own) => {
                    own.waiting.retain(|waiting| !waiting.is_closed());
                    if own.waiting.len() >= WAITING_PER_LANE_MAX {
                        return Err(EngineError::Busy);
                    }
                    own.waiting.push_back(sender);
                }
                None => {
                    let waiting = VecDeque::from([sender]);
                    state.lanes.push_back(Lane { name: lane.to_owned(), waiting });
                }
            }
        }
        self.serve();
        Ok(receiver)
    }

    fn release(self: &Arc<Self>, lane: &str) {
        {
            let mut state = self.lock();
            state.free += 1;
            if let Some(running) = state.running.get_mut(lane) {
                *running -= 1;
                if *running == 0 {
                    state.running.remove(lane);
                }
            }
        }
        self.serve();
    }

    /// Gives free places to those who wait.
    fn serve(self: &Arc<Self>) {
        let mut state = self.lock();
        while state.free > 0
            && let Some((lane, sender)) = state.next()
        {
            let turn = Turn { place: Some((Arc::clone(self), lane.clone())) };
            match sender.send(turn) {
                Ok(()) => {
                    state.free -= 1;
                    *state.running.entry(lane).or_insert(0) += 1;
                }
                // Nobody waits there any more; dropped as it is, the turn would free a place it never took.
                Err(mut unwanted) => unwanted.place = None,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn next(&mut self) -> Option<(String, oneshot::Sender<Turn>)> {
        let running = |lane: &Lane| self.running.get(&lane.name).copied().unwrap_or(0);
        let (at, _) = self.lanes.iter().enumerate().min_by_key(|(_, lane)| running(lane))?;
        let mut lane = self.lanes.remove(at)?;
        let sender = lane.waiting.pop_front()?;
        let name = lane.name.clone();
        if !lane.waiting.is_empty() {
            self.lanes.push_back(lane);
        }
        Some((name, sender))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some((turns, lane)) = self.place.take() {
            turns.release(&lane);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(receivers: &mut Vec<(&'static str, oneshot::Receiver<Turn>)>) -> Option<(&'static str, Turn)> {
        for at in 0..receivers.len() {
            if let Ok(turn) = receivers[at].1.try_recv() {
                return Some((receivers.remove(at).0, turn));
            }
        }
        None
    }

    #[test]
    fn a_lane_that_floods_waits_for_itself() {
        let turns = Turns::new(2);
        let mut receivers = Vec::new();
        for lane in ["a", "a", "a", "a", "a", "a", "b", "a", "b", "c"] {
            receivers.push((lane, turns.ask(lane).unwrap()));
        }
        let mut running = VecDeque::new();
        let mut order = String::new();
        while let Some((lane, turn)) = served(&mut receivers) {
            order.push_str(lane);
            running.push_back(turn);
            // What has run longest ends when both places are taken.
            if running.len() == 2 {
                running.pop_front();
            }
        }
        // Both places were taken before anyone else came; then b and c have their turns, not after all of a.
        assert_eq!(order, "aabacbaaaa");
    }

    #[test]
    fn who_gives_up_waiting_leaves_no_trace() {
        let turns = Turns::new(1);
        let first = turns.ask("a").unwrap().try_recv().unwrap();
        drop(turns.ask("a").unwrap());
        let mut waiting = turns.ask("b").unwrap();
        assert!(waiting.try_recv().is_err());
        drop(first);
        let second = waiting.try_recv().unwrap();
        let unread = turns.ask("c").unwrap();
        drop(second);
        // Served, but gone before it looked.
        drop(unread);
        assert!(turns.ask("d").unwrap().try_recv().is_ok());
        let state = turns.lock();
        assert!(state.lanes.is_empty() && state.running.is_empty() && state.free == 1, "{state:?}");
    }

    #[test]
    fn a_lane_is_bounded_and_others_are_not_concerned() {
        let turns = Turns::new(1);
        let _running = turns.ask("a").unwrap().try_recv().unwrap();
        let waiting: Vec<_> = (0..WAITING_PER_LANE_MAX).map(|_| turns.ask("a").unwrap()).collect();
        assert!(matches!(turns.ask("a"), Err(EngineError::Busy)));
        assert!(turns.ask("b").is_ok());
        drop(waiting);
        assert!(turns.ask("a").is_ok());
    }
}
