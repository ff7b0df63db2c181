//! That no query survives its request: the engine's own CPU time stops growing.

use super::*;
use crate::plan;
use std::path::Path;

/// Runs for hours. Not a join whose output is far larger than its input: Sail confirms the interrupt of
/// one, and works on.
const ENDLESS: &str = "select sum(id % 7) as n from range(1000000000000)";
/// The same as a join, for Spark.
const ENDLESS_JOIN: &str =
    "select sum(a.id * b.id % 7) as n from range(1000000) a cross join range(1000000) b";

/// The process that listens on a port of this machine.
fn process_of(port: u16) -> Option<String> {
    let tables =
        ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| std::fs::read_to_string(path).unwrap_or_default());
    let inode = tables.iter().flat_map(|table| table.lines()).find_map(|line| {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let is_it = cells.get(1)?.ends_with(&format!(":{port:04X}")) && *cells.get(3)? == "0A";
        is_it.then(|| format!("socket:[{}]", cells[9]))
    })?;
    let holds = |process: &Path| {
        let files = std::fs::read_dir(process.join("fd")).ok()?;
        let mut links = files.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
        links.any(|link| link.to_str() == Some(&inode)).then_some(())
    };
    std::fs::read_dir("/proc").unwrap().find_map(|entry| {
        let path = entry.ok()?.path();
        holds(&path)?;
        Some(path.file_name()?.to_str()?.to_owned())
    })
}

/// The CPU time of a process, in hundredths of a second.
fn ticks(process: &str) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let cells: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    cells[11].parse::<u64>().unwrap() + cells[12].parse::<u64>().unwrap()
}

/// Waits until a process is busy, or idle: for two seconds in a row it used more than a seventh of a
/// processor, or less than a twelfth. A loaded machine gives even a busy one little.
async fn is_soon(process: &str, busy: bool) -> bool {
    let watched = async {
        let mut pace = tokio::time::interval(Duration::from_secs(1));
        pace.tick().await;
        let mut in_a_row = 0;
        while in_a_row < 2 {
            let before = ticks(process);
            pace.tick().await;
            let used = ticks(process) - before;
            let is_so = if busy { used >= 15 } else { used <= 8 };
            in_a_row = if is_so { in_a_row + 1 } else { 0 };
        }
    };
    tokio::time::timeout(Duration::from_secs(60), watched).await.is_ok()
}

/// How a request ends.
#[derive(Debug, Clone, Copy)]
enum End {
    BatchesDropped,
    SessionDropped,
    SessionClosed,
    TimedOut,
    DroppedAtOnce,
    ConnectionCut,
}

async fn end_it(engine: &Engine, query: &str, end: End) -> Option<Session> {
    let process = process_of(engine.address.port()).expect("the engine runs on this machine");
    let (proxy, client) = behind_a_proxy(engine, short()).await;
    let session = client.session().unwrap();
    settle(&session).await;
    let mut batches = session.run(plan::sql(query, vec![]), "endless").unwrap();
    if let End::DroppedAtOnce = end {
        drop(batches);
        drop(session);
        // The way to the engine stays open until the session has ended.
        tokio::task::spawn(async move {
            let _held = proxy;
            std::future::pending::<()>().await;
        });
        return None;
    }
    if !is_soon(&process, true).await {
        let answered = futures::FutureExt::now_or_never(batches.schema());
        panic!("{:?} is not busy with the query before {end:?}: {answered:?}", engine.kind);
    }
    match end {
        End::BatchesDropped => {
            drop(batches);
            std::mem::forget(proxy);
            return Some(session);
        }
        End::SessionDropped => drop(session),
        End::SessionClosed => session.close().await.unwrap(),
        End::TimedOut => {
            let mut batches = batches;
            let waited = tokio::time::timeout(Duration::from_millis(100), batches.schema()).await;
            // Spark has no batch yet, Sail neither.
            assert!(waited.is_err());
            drop((batches, session));
        }
        End::ConnectionCut => {
            proxy.cut();
            drop(session);
            let ended = within_reason(batches.schema()).await;
            assert!(ended.is_err());
        }
        End::DroppedAtOnce => {}
    }
    std::mem::forget(proxy);
    None
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_query_survives_its_request() {
    let ends = [
        End::BatchesDropped,
        End::SessionDropped,
        End::SessionClosed,
        End::TimedOut,
        End::DroppedAtOnce,
        End::ConnectionCut,
    ];
    for engine in engines_for(Work::alone().await) {
        let process = process_of(engine.address.port()).expect("the engine runs on this machine");
        let join = (engine.kind == Kind::Spark).then_some(ENDLESS_JOIN);
        for (query, end) in
            ends.into_iter().map(|end| (ENDLESS, end)).chain(join.map(|join| (join, End::SessionDropped)))
        {
            let held = end_it(&engine, query, end).await;
            assert!(is_soon(&process, false).await, "{:?} still works after {end:?}", engine.kind);
            drop(held);
        }
    }
}
