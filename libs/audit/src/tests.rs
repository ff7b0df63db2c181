//! What the log promises, tried on files.

use crate::{
    AuditError, AuditLog, AuditOptions, CheckpointConfig, Event, Fault, Record, read_checkpoints, verify,
    verify_against,
};
use proptest::prelude::*;
use splitplane_session::SigningKey;
use splitplane_types::{Digest, Outcome, Reason, Txn};
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

fn record(number: u64) -> Record {
    let refused = number % 3 == 2;
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123 + number);
    let event = if refused { Event::StatementRefused } else { Event::RowsReleased };
    Record {
        decision: Some(if refused { Outcome::Refused } else { Outcome::Answered }),
        reason: refused.then_some(Reason::QueryOutsideView),
        txn: Some(Txn::from_parts(1_700_000_000_123, number.into())),
        composite: Some("t/b/a".parse().unwrap()),
        question_digest: Some(Digest::of(b"question")),
        // Looks like the end of a line, so that a reader who splits in the wrong place is found out.
        sql: Some(format!("SELECT \"x\" AS \",\"\"hash\"\":\"\"\" FROM t\nWHERE n = {number}")),
        parameters: [("filter_0".to_owned(), "\"}\n{\"".to_owned())].into(),
        policy: Some(Digest::of(b"policy")),
        rows: Some(number),
        bytes: Some(number * 8),
        result_digest: Some(Digest::of(&number.to_be_bytes())),
        ..Record::new(time, "query", event)
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
    assert_eq!(line["event"], "statement_refused");
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
    ] {
        overwrite(&log.path, text.concat().as_bytes());
        assert_eq!(fault(&log.path), Some(expected), "{name}");
        assert!(matches!(AuditLog::open(&log.path), Err(AuditError::Broken { .. })), "{name}");
        assert_eq!(fs::read(&log.path).unwrap(), text.concat().as_bytes(), "open must repair nothing");
    }
}

#[test]
fn a_line_without_an_end_is_put_aside_and_a_record_says_so() {
    for kept in [0, 1, 40, 400] {
        let log = log_of(2);
        let (whole, third) = (fs::read(&log.path).unwrap(), lines(&log_of(3).path).remove(2));
        let torn = third.as_bytes().get(..kept).unwrap();
        overwrite(&log.path, &[&whole, torn].concat());
        assert_eq!(fault(&log.path), (kept > 0).then_some((3, Fault::Torn)));
        // Both by a log that is opened, and by one that was open when another process died.
        let open = AuditLog::open(&log.path).unwrap();
        let bytes = fs::read(&log.path).unwrap();
        overwrite(&log.path, &[&bytes, torn].concat());
        open.append(record(7)).unwrap();
        let records = if kept > 0 { 5 } else { 3 };
        assert_eq!(verify(&log.path).unwrap().records, records);
        let text = fs::read_to_string(&log.path).unwrap();
        assert_eq!(text.matches("recovered").count(), usize::from(kept > 0) * 2);
        let aside = log.path.with_file_name("log.000000000002.torn");
        assert_eq!(fs::read(aside).unwrap_or_default(), torn);
    }
    let log = log_of(1);
    let long = [fs::read(&log.path).unwrap(), vec![b'x'; (1 << 20) + 2]].concat();
    overwrite(&log.path, &long);
    assert!(matches!(AuditLog::open(&log.path), Err(AuditError::Broken { fault: Fault::Torn, .. })));
    assert_eq!(fs::read(&log.path).unwrap(), long, "what no writer of ours writes is not repaired");
}

/// A log with checkpoints, and what reads them.
struct Vouched {
    log: Log,
    checkpoints: PathBuf,
    key: SigningKey,
}

impl Vouched {
    fn new() -> Self {
        let log = log_of(0);
        fs::remove_file(&log.path).unwrap();
        let checkpoints = log.path.with_file_name("elsewhere").join("checkpoints.jsonl");
        Self { log, checkpoints, key: SigningKey::generate().unwrap().0 }
    }

    fn key(pem: &str) -> SigningKey {
        SigningKey::from_pkcs8_pem(pem).unwrap()
    }

    fn open(&self, pem: &str, options: AuditOptions) -> AuditLog {
        self.try_open(pem, options).unwrap()
    }

    fn try_open(&self, pem: &str, options: AuditOptions) -> Result<AuditLog, AuditError> {
        let config = CheckpointConfig {
            file: self.checkpoints.clone(),
            key: Self::key(pem),
            period: Duration::from_secs(3_600),
        };
        AuditLog::open_with(&self.log.path, options, Some(config))
    }

    fn verify(&self) -> Result<u64, AuditError> {
        let checkpoints = read_checkpoints(&self.checkpoints, &[self.key.public_key()])?;
        Ok(verify_against(&self.log.path, &checkpoints)?.records)
    }

    fn fault(&self) -> Fault {
        match self.verify() {
            Err(AuditError::Broken { fault, .. }) => fault,
            other => panic!("{other:?}"),
        }
    }
}

fn vouched() -> (Vouched, String) {
    use secrecy::ExposeSecret as _;
    let (key, pem) = SigningKey::generate().unwrap();
    (Vouched { key, ..Vouched::new() }, pem.expose_secret().to_owned())
}

#[test]
fn a_cut_tail_and_another_history_are_found_by_a_checkpoint() {
    let (vouched, pem) = vouched();
    let open = vouched.open(&pem, AuditOptions::default());
    for number in 0..5 {
        open.append(record(number)).unwrap();
    }
    open.checkpoint().unwrap();
    open.append(record(5)).unwrap();
    assert_eq!(vouched.verify().unwrap(), 6);
    let path = &vouched.log.path;
    let whole = lines(path);

    overwrite(path, whole[..5].concat().as_bytes());
    assert_eq!(vouched.verify().unwrap(), 5, "what no checkpoint covers yet is not missed");
    overwrite(path, whole[..4].concat().as_bytes());
    assert_eq!(vouched.fault(), Fault::CutTail);
    overwrite(path, b"");
    assert_eq!(vouched.fault(), Fault::CutTail);
    // Chained anew: another third record, and the right number of them.
    let other = log_of(2);
    let anew = AuditLog::open(&other.path).unwrap();
    for number in [9, 3, 4, 5] {
        anew.append(record(number)).unwrap();
    }
    overwrite(path, &fs::read(&other.path).unwrap());
    assert_eq!(verify(path).unwrap().records, 6);
    assert_eq!(vouched.fault(), Fault::OtherHistory);
}

#[test]
fn a_log_that_was_cut_or_replaced_while_it_was_closed_is_not_opened() {
    for segment_bytes in [u64::MAX, 2_500] {
        let (vouched, pem) = vouched();
        let options = AuditOptions { segment_bytes, keep: None };
        let open = vouched.open(&pem, options);
        for number in 0..5 {
            open.append(record(number)).unwrap();
        }
        open.checkpoint().unwrap();
        open.append(record(5)).unwrap();
        drop(open);
        let path = &vouched.log.path;
        let whole = lines(path);
        let refused = |vouched: &Vouched| match vouched.try_open(&pem, options) {
            Err(AuditError::Broken { fault, .. }) => fault,
            other => panic!("{other:?}"),
        };
        // What no checkpoint covers is not missed; what one does is.
        let covered = whole.len() - 1;
        overwrite(path, whole[..covered].concat().as_bytes());
        drop(vouched.open(&pem, options));
        overwrite(path, whole[..covered - 1].concat().as_bytes());
        assert_eq!(refused(&vouched), Fault::CutTail);
        fs::remove_file(path).unwrap();
        for segment in fs::read_dir(path.parent().unwrap()).unwrap() {
            let segment = segment.unwrap().path();
            if segment.is_file() {
                fs::remove_file(segment).unwrap();
            }
        }
        assert_eq!(refused(&vouched), Fault::CutTail);
        let anew = AuditLog::open(path).unwrap();
        for number in 10..16 {
            anew.append(record(number)).unwrap();
        }
        drop(anew);
        assert_eq!(refused(&vouched), Fault::OtherHistory);
        // Nor is one opened whose forged closed file ends beyond what the checkpoint covers.
        let forged = crate::segments::name(path, 0);
        fs::rename(path, &forged).unwrap();
        overwrite(path, b"");
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(refused(&vouched), Fault::OtherHistory);
        fs::rename(&forged, path).unwrap();
        // Lines of others, however many, hide no checkpoint before them.
        let own = fs::read(&vouched.checkpoints).unwrap();
        overwrite(&vouched.checkpoints, &[own.as_slice(), &b"{\"of\":\"others\"}\n".repeat(10_000)].concat());
        assert_eq!(refused(&vouched), Fault::OtherHistory);
        overwrite(&vouched.checkpoints, &own);
        // A line that a killed process left without an end hides no checkpoint before it.
        let mut torn = fs::read(&vouched.checkpoints).unwrap();
        torn.truncate(torn.len() - 1);
        torn.extend_from_slice(b"\n{\"records\":9");
        overwrite(&vouched.checkpoints, &torn);
        assert_eq!(refused(&vouched), Fault::OtherHistory);
    }
}

#[test]
fn every_change_of_a_checkpoint_is_found() {
    let (vouched, pem) = vouched();
    let open = vouched.open(&pem, AuditOptions::default());
    open.append(record(0)).unwrap();
    open.checkpoint().unwrap();
    open.checkpoint().unwrap();
    let bytes = fs::read(&vouched.checkpoints).unwrap();
    assert_eq!(
        lines(&vouched.checkpoints).len(),
        2,
        "one at the beginning, one more, and none that says nothing new"
    );
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        overwrite(&vouched.checkpoints, &changed);
        assert!(vouched.verify().is_err(), "byte {place}");
    }
    let swapped: Vec<String> = lines(&vouched.checkpoints).into_iter().rev().collect();
    overwrite(&vouched.checkpoints, &bytes);
    assert!(vouched.verify().is_ok());
    overwrite(&vouched.checkpoints, swapped.concat().as_bytes());
    assert!(vouched.verify().is_err());
    overwrite(&vouched.checkpoints, &bytes);
    let stranger = SigningKey::generate().unwrap().0;
    assert!(read_checkpoints(&vouched.checkpoints, &[stranger.public_key()]).is_err());
    assert!(read_checkpoints(&vouched.checkpoints, &[]).is_err());
}

#[test]
fn a_log_goes_on_in_another_file_and_so_does_every_handle() {
    let (vouched, pem) = vouched();
    let options = AuditOptions { segment_bytes: 2_500, keep: None };
    let (one, other) = (vouched.open(&pem, options), vouched.open(&pem, options));
    for number in 0..10 {
        [&one, &other][usize::from(number % 3 == 0)].append(record(number)).unwrap();
    }
    let files = |extension: &str| {
        let all = fs::read_dir(vouched.log.path.parent().unwrap()).unwrap();
        let all = all.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut all: Vec<String> = all.filter(|name| name.ends_with(extension)).collect();
        all.sort();
        all
    };
    let names = files(".jsonl");
    assert!(names.len() > 2, "{names:?}");
    assert_eq!(names[0], "log.000000000000.jsonl");
    assert_eq!(vouched.verify().unwrap(), 10);
    // A handle that slept through several segments goes on, and so does one that is opened now.
    vouched.open(&pem, options).append(record(10)).unwrap();
    other.append(record(11)).unwrap();
    one.append(record(12)).unwrap();
    assert_eq!(vouched.verify().unwrap(), 13);

    let folder = vouched.log.path.parent().unwrap();
    let names = files(".jsonl");
    for name in &names[..names.len() - 1] {
        let segment = folder.join(name);
        let bytes = fs::read(&segment).unwrap();
        fs::remove_file(&segment).unwrap();
        let is_first = name == &names[0];
        // What comes before the first that is left may have been removed, since a checkpoint vouches for it.
        assert_eq!(vouched.verify().is_ok(), is_first, "{name}");
        assert!(verify(&vouched.log.path).is_err(), "{name}");
        overwrite(&segment, &[&bytes[..], b"{}\n"].concat());
        assert!(vouched.verify().is_err());
        overwrite(&segment, &bytes);
    }
    assert_eq!(vouched.verify().unwrap(), 13);
}

#[test]
fn old_segments_are_removed_and_what_is_left_still_verifies() {
    let (vouched, pem) = vouched();
    let options = AuditOptions { segment_bytes: 1_500, keep: Some(Duration::from_secs(3_600)) };
    let open = vouched.open(&pem, options);
    let closed = || {
        let all = fs::read_dir(vouched.log.path.parent().unwrap()).unwrap();
        all.map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file() && *path != vouched.log.path)
            .collect::<Vec<_>>()
    };
    for number in 0..6 {
        open.append(record(number)).unwrap();
    }
    let before = closed().len();
    assert!(before >= 2);
    for segment in closed() {
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        fs::File::options().append(true).open(segment).unwrap().set_modified(long_ago).unwrap();
    }
    for number in 6..9 {
        open.append(record(number)).unwrap();
    }
    assert!(closed().len() < before + 1, "{:?}", closed());
    assert_eq!(vouched.verify().unwrap(), 9);
    assert_eq!(fault(&vouched.log.path).map(|(_, fault)| fault), Some(Fault::Beginning));
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

const KILLED: &str = "AUDIT_TEST_KILLED";
const KILLS: u64 = 300;

/// Says on its standard output what it was told is durable: `<thread> <number>`, one line each.
fn append_until_killed(path: &Path) {
    let open = AuditLog::open_with(path, AuditOptions { segment_bytes: 60_000, keep: None }, None).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let open = &open;
            scope.spawn(move || {
                for number in 0.. {
                    let name = format!("{thread} {number}");
                    // Longer than a page, so that a kill can fall into the middle of a write.
                    let sql = Some(format!("{name};{}", "x".repeat(9_000)));
                    open.append(Record { sql, ..record(number) }).unwrap();
                    use std::io::Write as _;
                    let mut out = std::io::stdout().lock();
                    out.write_all(format!("{name}\n").as_bytes()).and_then(|()| out.flush()).unwrap();
                }
            });
        }
    });
}

#[test]
fn what_was_said_to_be_durable_is_there_whenever_the_process_is_killed() {
    if let Some(path) = std::env::var_os(KILLED) {
        return append_until_killed(Path::new(&path));
    }
    use std::io::{BufRead as _, BufReader};
    let mut torn = 0;
    for kill in 0..KILLS {
        let log = log_of(0);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "tests::what_was_said_to_be_durable_is_there_whenever_the_process_is_killed",
                "--nocapture",
            ])
            .env(KILLED, &log.path)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let mut said = Vec::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let is_name = |line: &str| line.split(' ').all(|part| part.parse::<u64>().is_ok());
        // Some are killed at their first word, some later; what is said until the kill counts as well.
        let enough = usize::try_from(kill % 23).unwrap();
        let mut line = String::new();
        while said.len() <= enough && out.read_line(&mut line).unwrap() > 0 {
            said.extend(Some(line.trim_end().to_owned()).filter(|line| is_name(line)));
            line.clear();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        said.extend(out.lines().map_while(Result::ok).filter(|line| is_name(line)));
        assert!(said.len() > enough, "the child died by itself");

        // Killed between one file and the next, there is none to be torn.
        let is_there = log.path.exists();
        torn += u64::from(is_there && fault(&log.path).is_some_and(|(_, fault)| fault == Fault::Torn));
        // Opening it again is all that a restart does.
        drop(AuditLog::open(&log.path).unwrap());
        let mut there = std::collections::HashSet::new();
        crate::walk(&log.path, &[], &mut |line| {
            let record: serde_json::Value = serde_json::from_slice(line).unwrap();
            there.extend(record["sql"].as_str().map(|sql| sql.split(';').next().unwrap().to_owned()));
            Ok(())
        })
        .unwrap();
        for name in &said {
            assert!(there.contains(name), "{name} was said to be durable, and is not (kill {kill})");
        }
    }
    println!("{KILLS} kills, {torn} of them left a torn line");
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
