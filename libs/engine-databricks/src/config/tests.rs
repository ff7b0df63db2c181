use super::*;

fn config() -> WorkspaceConfig {
    WorkspaceConfig {
        url: "https://adb-1.azuredatabricks.example".to_owned(),
        warehouse_id: "0123456789abcdef".to_owned(),
        catalog: None,
        schema: None,
        disposition: Disposition::ExternalLinks,
        wait: Duration::from_secs(10),
        request_time_max: Duration::from_secs(30),
        poll_pause_first: Duration::from_millis(50),
        poll_pause_max: Duration::from_secs(5),
        retries_max: 3,
        retry_pause_first: Duration::from_millis(100),
        retry_pause_max: Duration::from_secs(5),
        chunk_bytes_max: 1 << 20,
        link_hosts: Vec::new(),
        ca_file: None,
    }
}

/// The key that is wrong after a change.
fn wrong_after(change: impl FnOnce(&mut WorkspaceConfig)) -> Option<&'static str> {
    let mut config = config();
    change(&mut config);
    match Workspace::new(config, || SystemTime::UNIX_EPOCH) {
        Ok(_) => None,
        Err(SetupError::Config { key, .. }) => Some(key),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn a_workspace_is_spoken_to_over_tls_or_on_this_machine() {
    for url in ["https://w.example", "https://w.example/", "https://w.example:8443", "http://127.0.0.1:9"] {
        assert_eq!(wrong_after(|config| config.url = url.to_owned()), None, "{url}");
    }
    for url in [
        "http://w.example",
        "http://localhost.evil.example",
        "https://user@w.example",
        "https://w.example/path",
        "https://w.example?query",
        "ftp://127.0.0.1",
        "w.example",
        "",
    ] {
        assert_eq!(wrong_after(|config| config.url = url.to_owned()), Some("url"), "{url}");
    }
}

#[test]
fn every_bound_of_the_configuration_is_checked() {
    let seconds = Duration::from_secs;
    assert_eq!(wrong_after(|_| {}), None);
    for id in ["", "a/b", "..", "a b", "a?b", "é"] {
        assert_eq!(wrong_after(|c| c.warehouse_id = id.to_owned()), Some("warehouse_id"), "{id}");
    }
    for wait in [0, 5, 50] {
        assert_eq!(wrong_after(|c| c.wait = seconds(wait)), None, "{wait}");
    }
    for wait in [seconds(1), seconds(4), seconds(51), Duration::from_millis(5500)] {
        assert_eq!(wrong_after(|c| c.wait = wait), Some("wait"), "{wait:?}");
    }
    assert_eq!(wrong_after(|c| c.request_time_max = Duration::ZERO), Some("request_time_max"));
    assert_eq!(wrong_after(|c| c.poll_pause_first = seconds(6)), Some("poll_pause_max"));
    assert_eq!(wrong_after(|c| c.poll_pause_max = seconds(900)), Some("poll_pause_max"));
    assert_eq!(wrong_after(|c| c.retry_pause_first = seconds(6)), Some("retry_pause_max"));
    assert_eq!(wrong_after(|c| c.chunk_bytes_max = 0), Some("chunk_bytes_max"));
    for host in ["", ".example", "https://example"] {
        assert_eq!(wrong_after(|c| c.link_hosts = vec![host.to_owned()]), Some("link_hosts"), "{host}");
    }
}

#[test]
fn a_key_that_nobody_knows_is_refused() {
    let known = r#"{"url":"https://w.example","warehouse_id":"a","disposition":"inline","wait":"0s",
        "request_time_max":"5s","poll_pause_first":"50ms","poll_pause_max":"1s","retries_max":1,
        "retry_pause_first":"1ms","retry_pause_max":"1s","chunk_bytes_max":1000,"link_hosts":[]}"#;
    assert_eq!(serde_json::from_str::<WorkspaceConfig>(known).unwrap().disposition, Disposition::Inline);
    let unknown = known.replace("\"wait\"", "\"extra\":1,\"wait\"");
    assert!(serde_json::from_str::<WorkspaceConfig>(&unknown).is_err());
}
