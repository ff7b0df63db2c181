use super::*;
use crate::config::{Disposition, WorkspaceConfig};
use secrecy::SecretString;
use std::time::SystemTime;

fn storage(url: &str, link_hosts: &[&str]) -> Storage {
    let config = WorkspaceConfig {
        url: url.to_owned(),
        warehouse_id: "a".to_owned(),
        catalog: None,
        schema: None,
        disposition: Disposition::ExternalLinks,
        wait: Duration::ZERO,
        request_time_max: Duration::from_secs(1),
        poll_pause_first: Duration::ZERO,
        poll_pause_max: Duration::ZERO,
        retries_max: 0,
        retry_pause_first: Duration::ZERO,
        retry_pause_max: Duration::ZERO,
        chunk_bytes_max: 1,
        link_hosts: link_hosts.iter().map(|&host| host.to_owned()).collect(),
        ca_file: None,
    };
    // One hour after the epoch.
    let clock = || SystemTime::UNIX_EPOCH + Duration::from_secs(3600);
    Storage::new(Workspace::new(config, clock).unwrap()).unwrap()
}

fn link(url: &str, headers: &[(&str, &str)], expiration: Option<&str>) -> ExternalLink {
    ExternalLink {
        external_link: SecretString::from(url),
        expiration: expiration.map(str::to_owned),
        http_headers: headers.iter().map(|&(name, value)| (name.to_owned(), value.into())).collect(),
        chunk_index: 0,
        row_count: 0,
        byte_count: 0,
        next_chunk_index: None,
    }
}

#[test]
fn links_lead_over_tls_to_hosts_that_are_allowed() {
    let (remote, local) = ("https://w.example", "http://127.0.0.1:9");
    let listed: &[&str] = &["blob.example", "s3.example.org"];
    let may =
        |workspace, hosts: &[&str], url| storage(workspace, hosts).request(&link(url, &[], None)).is_ok();
    for url in ["https://x.blob.example/a?sig=1", "https://blob.example/", "https://S3.example.org/x"] {
        assert!(may(remote, listed, url) && may(remote, &[], url), "{url}");
    }
    for url in [
        "http://x.blob.example/a",
        "https://user@x.blob.example/a",
        "ftp://x.blob.example/a",
        "/a",
        "x.blob.example",
        "https://127.0.0.1/a",
        "http://127.0.0.1/a",
        "http://localhost/a",
        "https://localhost/a",
        "https://169.254.169.254/latest",
        "https://[::1]/a",
        "https://2130706433/a",
        "https://0x7f.0.0.1/a",
        "https://127.0x1/a",
    ] {
        assert!(!may(remote, listed, url) && !may(remote, &[], url), "{url}");
    }
    for url in ["https://evilblob.example/a", "https://blob.example.evil.example/a", "https://other.example/"]
    {
        assert!(!may(remote, listed, url) && may(remote, &[], url), "{url}");
    }
    // Not even where it is listed: what runs on this machine is not the workspace's to ask for.
    assert!(!may(remote, &["127.0.0.1"], "http://127.0.0.1/a"));
    assert!(may(local, &[], "http://127.0.0.1:10/a"));
    assert!(!may(local, &[], "http://x.blob.example/a"));
    assert!(!may(local, &["blob.example"], "http://127.0.0.1:10/a"));
}

#[test]
fn headers_of_a_link_are_sent_but_for_those_that_are_not_its_own() {
    let storage = storage("https://w.example", &[]);
    let url = "https://x.blob.example/a";
    let request = storage.request(&link(url, &[("x-key", "v")], None)).unwrap();
    assert_eq!(request.headers().len(), 1);
    assert!(request.headers()["x-key"].is_sensitive());
    for (name, value) in [
        ("authorization", "Bearer x"),
        ("Host", "other"),
        ("cookie", "a=b"),
        ("transfer-encoding", "chunked"),
        ("content-length", "1"),
        ("bad name", "x"),
        ("x-key", "a\r\nb: c"),
    ] {
        assert!(storage.request(&link(url, &[(name, value)], None)).is_err(), "{name}");
    }
}

#[test]
fn a_link_expires_a_little_before_it_does() {
    let storage = storage("https://w.example", &[]);
    let expired = |time: Option<&str>| storage.has_expired(&link("https://a.example", &[], time));
    assert!(!expired(None).unwrap());
    assert!(!expired(Some("1970-01-01T01:00:06Z")).unwrap());
    assert!(expired(Some("1970-01-01T01:00:05Z")).unwrap());
    assert!(expired(Some("1970-01-01T00:30:00Z")).unwrap());
    assert!(expired(Some("tomorrow")).is_err());
}

#[test]
fn no_secret_of_a_link_is_shown() {
    let shown = format!("{:?}", link("https://a.example/SECRET1", &[("x-key", "SECRET2")], None));
    assert!(!shown.contains("SECRET"), "{shown}");
}
