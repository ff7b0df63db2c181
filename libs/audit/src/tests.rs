//! What the log promises, tried on files.

use crate::{AuditError, AuditLog, Fault, Record, verify};
use proptest::prelude::*;
use splitplane_types::{Digest, Outcome, Reason, Txn};
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

fn record(number: u64) -> Record {
    let refused = number % 3 == 2;
    Record {
        time: SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123 + number),
        service: "query".to_owned(),
        decision: if refused { Outcome::Refused } else { Outcome::Answered },
        reason: refused.then_some(Reason::QueryOutsideView),
        txn: Some(Txn::from_parts(1_700_000_000_123, number.into())),
        composite: Some("t/b/a".parse().unwrap()),
        question_digest: Some(Digest::of(b"question")),
        // Looks like the end of a line, so that a reader who splits in the wrong place is found out.
        sql: Some(format!("SELECT \"x\" AS \",\"\"hash\"\":\"\"\" FROM t\nWHERE n = {number}")),
        policy: Some(Digest::of(b"policy")),
        model: None,
        rows: Some(number),
        bytes: Some(number * 8),
        result_digest: Some(Digest::of(&number.to_be_bytes())),
        trace_id: None,
    }
}

struct Log {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn log_of(records: u64) -> Log {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit").join("log.jsonl");
    let log = AuditLog::open(&path).unwrap();
    for number in 0..records {
        log.append(record(number)).unwrap();
    }
    Log { _folder: folder, path }
}

/// Writes other bytes in place, so that the file stays the same file with the same mode.
fn overwrite(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
}

fn fault(path: &Path) -> Option<(u64, Fault)> {
    match verify(path) {
        Ok(_) => None,
        Err(AuditError::Broken { line, fault, .. }) => Some((line, fault)),
        Err(other) => panic!("{other:?}"),
    }
}

fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap().split_inclusive('\n').map(str::to_owned).collect()
}

#[test]
fn a_log_says_what_was_put_in_and_closes_itself_to_others() {
    let log = log_of(0);
    let open = AuditLog::open(&log.path).unwrap();
    assert_eq!(verify(&log.path).unwrap().head, Digest::from([0; 32]));
    let hashes: Vec<_> = (0..3).map(|number| open.append(record(number)).unwrap()).collect();
    let verified = verify(&log.path).unwrap();
    assert_eq!((verified.records, verified.head), (3, hashes[2]));

    let line: serde_json::Value = serde_json::from_str(&lines(&log.path)[2]).unwrap();
    assert_eq!(line["seq"], 2);
    assert_eq!(line["prev"], hashes[1].to_string());
    assert_eq!(line["hash"], hashes[2].to_string());
    assert_eq!(line["time"], "2023-11-14T22:13:20.125000Z");
    assert_eq!(line["composite"], "t/b/a");
    assert_eq!(line["decision"], "refused");
    assert_eq!(line["reason"], "QUERY_OUTSIDE_VIEW");
    assert_eq!(line["rows"], 2);

    assert_eq!(fs::metadata(&log.path).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(log.path.parent().unwrap()).unwrap().mode() & 0o777, 0o700);
    fs::set_permissions(&log.path, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(AuditLog::open(&log.path), Err(AuditError::OpenToOthers { mode: 0o640, .. })));
}

#[test]
fn every_flipped_bit_is_found() {
    let log = log_of(2);
    let bytes = fs::read(&log.path).unwrap();
    for place in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[place] ^= 1 << bit;
            overwrite(&log.path, &changed);
            assert!(fault(&log.path).is_some(), "bit {bit} of byte {place}");
        }
    }
    overwrite(&log.path, &bytes);
    assert_eq!(fault(&log.path), None);
}

#[test]
fn dropped_moved_repeated_and_inserted_records_are_found_where_they_are() {
    let log = log_of(4);
    let whole = lines(&log.path);
    let other = lines(&log_of(3).path);
    let [a, b, c, d] = [0, 1, 2, 3].map(|n| whole[n].as_str());
    // The other log's third record has its own number, hash and text right, and another history
    // only where its records differ; give it one by replacing the second.
    let foreign = {
        let log = log_of(1);
        let open = AuditLog::open(&log.path).unwrap();
        open.append(record(99)).unwrap();
        open.append(record(2)).unwrap();
        lines(&log.path).remove(2)
    };
    assert_eq!(other[2], c, "records are a function of what was put in");
    for (name, text, expected) in [
        ("first dropped", vec![b, c, d], (1, Fault::OutOfSequence)),
        ("middle dropped", vec![a, c, d], (2, Fault::OutOfSequence)),
        ("swapped", vec![a, c, b, d], (2, Fault::OutOfSequence)),
        ("repeated", vec![a, b, b, c], (3, Fault::OutOfSequence)),
        ("replaced by another history's", vec![a, b, &foreign, d], (3, Fault::NotChained)),
        ("empty line", vec![a, "\n", b], (2, Fault::NotARecord)),
        ("text appended", vec![a, b, c, d, "hello\n"], (5, Fault::NotARecord)),
        ("torn", vec![a, b, c.trim_end()], (3, Fault::Torn)),
        ("torn in the middle", vec![a, b, c.split_at(40).0], (3, Fault::Torn)),
    ] {
        overwrite(&log.path, text.concat().as_bytes());
        assert_eq!(fault(&log.path), Some(expected), "{name}");
        assert!(matches!(AuditLog::open(&log.path), Err(AuditError::Broken { .. })), "{name}");
        assert_eq!(fs::read(&log.path).unwrap(), text.concat().as_bytes(), "open must repair nothing");
    }
}

#[test]
fn a_cut_tail_is_found_by_the_head_that_was_kept_and_by_nothing_else() {
    let log = log_of(3);
    let kept = verify(&log.path).unwrap();
    overwrite(&log.path, lines(&log.path)[..2].concat().as_bytes());
    let cut = verify(&log.path).unwrap();
    assert_eq!(cut.records, 2);
    assert_ne!(cut.head, kept.head);
}

#[test]
fn an_open_log_refuses_a_file_that_was_changed_cut_or_moved_under_it() {
    let broken = |act: fn(&Path)| {
        let log = log_of(3);
        let open = AuditLog::open(&log.path).unwrap();
        open.append(record(3)).unwrap();
        act(&log.path);
        open.append(record(4)).unwrap_err()
    };
    let cut = broken(|path| overwrite(path, lines(path)[..3].concat().as_bytes()));
    assert!(matches!(cut, AuditError::Broken { fault: Fault::Shorter, .. }), "{cut:?}");
    let changed = broken(|path| {
        let text = fs::read_to_string(path).unwrap();
        let end = text.len() - 10;
        overwrite(path, format!("{}{}", text.split_at(end).0, "x".repeat(7) + "\"}\n").as_bytes());
    });
    assert!(matches!(changed, AuditError::Broken { fault: Fault::Changed, .. }), "{changed:?}");
    let torn = broken(|path| overwrite(path, (lines(path).concat() + "{\"seq\"").as_bytes()));
    assert!(matches!(torn, AuditError::Broken { line: 5, fault: Fault::Torn, .. }), "{torn:?}");
    for act in [
        |path: &Path| fs::remove_file(path).unwrap(),
        |path: &Path| {
            fs::rename(path, path.with_extension("old")).unwrap();
            overwrite(path, b"");
        },
    ] {
        let gone = broken(act);
        assert!(matches!(gone, AuditError::Replaced { .. }), "{gone:?}");
    }
}

#[test]
fn a_record_that_does_not_fit_is_refused_and_the_next_one_is_not() {
    let log = log_of(1);
    let open = AuditLog::open(&log.path).unwrap();
    let too_long = Record { sql: Some("x".repeat(1 << 20)), ..record(1) };
    assert!(matches!(open.append(too_long), Err(AuditError::TooLong)));
    open.append(record(1)).unwrap();
    assert_eq!(verify(&log.path).unwrap().records, 2);
}

#[test]
fn handles_and_threads_of_one_process_interleave() {
    let log = log_of(0);
    let shared = Arc::new(AuditLog::open(&log.path).unwrap());
    std::thread::scope(|scope| {
        for worker in 0..4_u64 {
            let (shared, path) = (Arc::clone(&shared), &log.path);
            scope.spawn(move || {
                let own = AuditLog::open(path).unwrap();
                for number in 0..10 {
                    let log = if number % 2 == 0 { &own } else { &*shared };
                    log.append(record(worker * 100 + number)).unwrap();
                }
            });
        }
    });
    assert_eq!(verify(&log.path).unwrap().records, 40);
}

#[test]
fn records_that_wait_for_another_are_written_together() {
    let log = log_of(1);
    let open = AuditLog::open(&log.path).unwrap();
    let other = fs::File::open(&log.path).unwrap();
    other.lock().unwrap();
    std::thread::scope(|scope| {
        for number in 1..=20 {
            let open = &open;
            scope.spawn(move || open.append(record(number)).unwrap());
        }
        // One of them has taken itself out to be written, and waits for the lock.
        while open.waiting() < 19 {
            std::thread::yield_now();
        }
        other.unlock().unwrap();
    });
    assert_eq!(open.commits(), 2);
    assert_eq!(verify(&log.path).unwrap().records, 21);
}

#[test]
fn a_record_too_long_fails_alone_among_those_that_are_written_with_it() {
    let log = log_of(1);
    let open = AuditLog::open(&log.path).unwrap();
    let other = fs::File::open(&log.path).unwrap();
    other.lock().unwrap();
    let outcomes: Vec<bool> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..10)
            .map(|number| {
                let open = &open;
                let sql = Some(if number % 2 == 0 { "x".repeat(1 << 20) } else { "x".to_owned() });
                scope.spawn(move || open.append(Record { sql, ..record(number) }).is_ok())
            })
            .collect();
        while open.waiting() < 9 {
            std::thread::yield_now();
        }
        other.unlock().unwrap();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    assert_eq!(outcomes, (0..10).map(|number| number % 2 == 1).collect::<Vec<_>>());
    assert_eq!(verify(&log.path).unwrap().records, 6);
}

const CHILD: &str = "AUDIT_TEST_FILE";

#[test]
fn processes_interleave() {
    if let Some(path) = std::env::var_os(CHILD) {
        let open = AuditLog::open(Path::new(&path)).unwrap();
        for number in 0..20 {
            open.append(record(number)).unwrap();
        }
        return;
    }
    let log = log_of(1);
    let mut children: Vec<_> = (0..4)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "tests::processes_interleave"])
                .env(CHILD, &log.path)
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(verify(&log.path).unwrap().records, 81);
}

const LIMITED: &str = "AUDIT_TEST_LIMITED";

#[test]
fn a_full_disk_leaves_no_torn_line_and_the_log_goes_on_when_there_is_room() {
    if let Some(path) = std::env::var_os(LIMITED) {
        let path = Path::new(&path);
        let open = AuditLog::open(path).unwrap();
        let long = Record { sql: Some("x".repeat(20_000)), ..record(1) };
        assert!(matches!(open.append(long), Err(AuditError::Io { .. })));
        assert_eq!(verify(path).unwrap().records, 1);
        open.append(record(1)).unwrap();
        return;
    }
    let log = log_of(1);
    // A limit on file size of 16 blocks cuts a write in two, as a full disk does.
    let limited = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "tests::a_full_disk_leaves_no_torn_line_and_the_log_goes_on_when_there_is_room"])
        .env(LIMITED, &log.path)
        .output()
        .unwrap();
    assert!(limited.status.success(), "{}", String::from_utf8_lossy(&limited.stdout));
    assert_eq!(verify(&log.path).unwrap().records, 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_changed_byte_is_found(place in any::<prop::sample::Index>(), by in 1_u8..) {
        let log = log_of(4);
        let mut bytes = fs::read(&log.path).unwrap();
        *place.get_mut(&mut bytes) ^= by;
        overwrite(&log.path, &bytes);
        prop_assert!(fault(&log.path).is_some());
    }

    #[test]
    fn any_other_order_or_choice_of_lines_is_found(picks in prop::collection::vec(0_usize..4, 1..6)) {
        let log = log_of(4);
        let whole = lines(&log.path);
        let text: String = picks.iter().map(|pick| whole[*pick].as_str()).collect();
        overwrite(&log.path, text.as_bytes());
        // The only other file that is a chain is a prefix: a tail that was cut.
        let prefix = picks.iter().copied().eq(0..picks.len());
        prop_assert_eq!(fault(&log.path).is_none(), prefix);
    }
}
