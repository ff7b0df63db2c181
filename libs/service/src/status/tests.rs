use super::*;
use std::collections::HashSet;
use std::time::Duration;
use tonic_types::StatusExt as _;

#[derive(Debug, thiserror::Error)]
#[error("row 7 of tenant acme holds `4111`")]
struct Leaky(Reason, #[source] std::io::Error);

impl PublicError for Leaky {
    fn reason(&self) -> Reason {
        self.0
    }

    fn metadata(&self) -> Vec<(String, String)> {
        vec![
            ("hint".into(), "try net_sales".into()),
            ("line".into(), "1".into()),
            ("column".into(), "8".into()),
        ]
    }
}

fn leaky(reason: Reason) -> Leaky {
    Leaky(reason, std::io::Error::other("no such file /data/acme.parquet"))
}

#[test]
fn every_reason_travels_with_its_code_and_a_text_of_its_own() {
    let mut texts = HashSet::new();
    for reason in Reason::ALL {
        let status = to_status(&leaky(reason));
        assert_eq!(status.code(), code_of(reason));
        assert_ne!(status.code(), Code::Ok);
        assert_eq!(reason_of(&status), Some(reason), "{}", reason.as_str());
        assert!(!status.message().is_empty());
        assert!(texts.insert(status.message().to_owned()), "two reasons say `{}`", status.message());
    }
}

#[test]
fn the_details_are_what_the_library_of_google_types_reads() {
    let status = to_status(&leaky(Reason::QueryNotAllowed));
    let details = status.get_error_details();
    let info = details.error_info().unwrap();
    assert_eq!((info.reason.as_str(), info.domain.as_str()), ("QUERY_NOT_ALLOWED", "splitplane"));
    assert_eq!(info.metadata.get("hint").unwrap(), "try net_sales");
    assert_eq!(info.metadata.len(), 3);
    assert!(details.retry_info().is_none());
}

#[test]
fn nothing_of_the_error_itself_reaches_the_caller() {
    for reason in Reason::ALL {
        let status = to_status(&leaky(reason));
        let sent = format!("{} {}", status.message(), String::from_utf8_lossy(status.details()));
        for secret in ["acme", "4111", "parquet", "row 7"] {
            assert!(!sent.contains(secret), "{}: {sent}", reason.as_str());
        }
    }
}

#[test]
fn a_credential_failure_tells_the_time_and_nothing_else() {
    let at = |ms, facts| status_of(Reason::Unauthenticated, facts, UNIX_EPOCH + Duration::from_millis(ms));
    let bytes =
        |status: &Status| (i32::from(status.code()), status.message().to_owned(), status.details().to_vec());
    let secret = vec![("hint".to_owned(), "the signature was right".to_owned())];
    assert_eq!(bytes(&at(5_000, vec![])), bytes(&at(5_999, secret)));
    assert_ne!(bytes(&at(5_000, vec![])), bytes(&at(6_000, vec![])));
    assert_eq!(
        metadata_of(&at(1_795_000_000_000, vec![])),
        BTreeMap::from([("server_time".into(), "1795000000".into())])
    );
}

#[test]
fn equal_errors_have_equal_bytes() {
    let first = to_status(&leaky(Reason::QueryNotAllowed));
    for _ in 0..32 {
        assert_eq!(to_status(&leaky(Reason::QueryNotAllowed)).details(), first.details());
    }
}

#[test]
fn what_passes_by_itself_says_when_to_try_again() {
    for reason in Reason::ALL {
        let details = to_status(&leaky(reason)).get_error_details();
        let delay = details.retry_info().and_then(|retry| retry.retry_delay);
        let busy = matches!(reason, Reason::TenantBusy | Reason::Overloaded);
        let expected = (busy || code_of(reason) == Code::Unavailable).then_some(Duration::from_secs(1));
        assert_eq!(delay, expected, "{}", reason.as_str());
    }
}

#[test]
fn a_reason_of_another_domain_or_under_another_code_is_none() {
    let ours = status_of(Reason::Deadline, vec![], UNIX_EPOCH);
    let disguised = Status::with_details(Code::Ok, "", Bytes::copy_from_slice(ours.details()));
    assert_eq!(reason_of(&disguised), None);
    let details =
        tonic_types::ErrorDetails::with_error_info("DEADLINE", "elsewhere", std::collections::HashMap::new());
    assert_eq!(reason_of(&Status::with_error_details(Code::DeadlineExceeded, "", details)), None);
    assert_eq!(reason_of(&Status::from_error(Box::new(std::io::Error::other("x")))), None);
}

#[test]
fn a_long_value_is_cut_at_a_character() {
    let facts = vec![("hint".to_owned(), format!("x{}", "ä".repeat(1_000)))];
    let status = status_of(Reason::QueryNotAllowed, facts, UNIX_EPOCH);
    assert_eq!(metadata_of(&status)["hint"], format!("x{}", "ä".repeat(511)));
}
