use super::*;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    listen: Listen,
    tls: Tls,
    mesh: Mesh,
    limits: LimitsConfig,
    telemetry: TelemetryConfig,
    door: Door,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Door {
    authorities: Vec<String>,
    name: String,
    is_open: bool,
}

const DEFAULTS: &str = r#"
[listen]
address = "127.0.0.1:7104"
health_address = "127.0.0.1:7114"
[tls]
certificate = "pki/a.pem"
key = "pki/a.key"
ca = "pki/ca.pem"
workload_api = ""
[mesh]
trust_domain = "mesh.test"
issuer = "https://auth.mesh.test"
revocation_bound = "5s"
key_root = ""
[limits]
concurrency_max = 256
request_time_max = "60s"
message_bytes_max = 1_048_576
streams_per_connection_max = 64
connection_age_max = "10m"
[telemetry]
otlp_endpoint = ""
log = "info"
log_format = "json"
sample_ratio = 1.0
[door]
authorities = ["a.test"]
name = "front"
is_open = true
"#;

fn env(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn read(file: Option<&Path>, pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    load("schema-router", DEFAULTS, file, env(pairs))
}

fn refusal(file: Option<&Path>, pairs: &[(&str, &str)]) -> String {
    read(file, pairs).unwrap_err().to_string()
}

#[test]
fn a_path_that_may_be_none_is_none_when_it_is_empty() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("router.toml");
    for (text, expected) in [("", None), ("root.pub", Some(folder.path().join("root.pub")))] {
        std::fs::write(&file, format!("[mesh]\nkey_root = \"{text}\"\n")).unwrap();
        assert_eq!(read(Some(&file), &[]).unwrap().mesh.key_root, expected);
    }
}

#[test]
fn what_has_a_scheme_is_not_beside_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("router.toml");
    std::fs::write(&file, "[tls]\nkey = \"s3://lake/raw\"\nca = \"ca.pem\"\n").unwrap();
    let config = read(Some(&file), &[]).unwrap();
    assert_eq!(config.tls.key, std::path::PathBuf::from("s3://lake/raw"));
    assert_eq!(config.tls.ca, folder.path().join("ca.pem"));
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("router.toml");
    let text = "[limits]\nconcurrency_max = 7\nrequest_time_max = \"2s\"\n[tls]\nkey = \"here.key\"\nca = \"/there/ca.pem\"\n";
    std::fs::write(&file, text).unwrap();
    let config = read(
        Some(&file),
        &[
            ("SPLITPLANE_SCHEMA_ROUTER__LIMITS__CONCURRENCY_MAX", "9"),
            ("SPLITPLANE_SCHEMA_ROUTER__TELEMETRY__SAMPLE_RATIO", "0.5"),
            ("SPLITPLANE_SCHEMA_ROUTER__TELEMETRY__LOG_FORMAT", "off"),
            ("SPLITPLANE_SCHEMA_ROUTER__DOOR__AUTHORITIES", "b.test, c.test"),
            ("SPLITPLANE_SCHEMA_ROUTER__DOOR__NAME", "12"),
            ("SPLITPLANE_SCHEMA_ROUTER__DOOR__IS_OPEN", "false"),
            ("SPLITPLANE_QUERY__NO__SUCH_KEY", "of another service"),
            ("PATH", "/bin"),
        ],
    )
    .unwrap();
    assert_eq!(config.limits.concurrency_max.get(), 9);
    assert_eq!(config.limits.request_time_max, Duration::from_secs(2));
    assert_eq!(config.limits.connection_age_max, Duration::from_secs(600));
    assert!((config.telemetry.sample_ratio - 0.5).abs() < f64::EPSILON);
    assert_eq!(config.telemetry.log_format, LogFormat::Off);
    assert_eq!(
        config.door,
        Door { authorities: vec!["b.test".into(), "c.test".into()], name: "12".into(), is_open: false }
    );
    // A path in a file is the file's neighbour; others are as written.
    assert_eq!(config.tls.key, folder.path().join("here.key"));
    assert_eq!(config.tls.ca, Path::new("/there/ca.pem"));
    assert_eq!(config.tls.certificate, Path::new("pki/a.pem"));
}

#[test]
fn an_unknown_key_is_fatal_wherever_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("router.toml");
    std::fs::write(&file, "[limits]\nconcurrency = 7\n").unwrap();
    let told = refusal(Some(&file), &[]);
    assert!(
        told.contains("`limits`") && told.contains("`concurrency`") && told.contains("router.toml"),
        "{told}"
    );
    let told = refusal(None, &[("SPLITPLANE_SCHEMA_ROUTER__LIMITS__CONCURENCY_MAX", "7")]);
    assert!(told.contains("concurency_max") && told.contains("SPLITPLANE_SCHEMA_ROUTER__LIMITS"), "{told}");
    let told = refusal(None, &[("SPLITPLANE_SCHEMA_ROUTER__NOTHING", "7")]);
    assert!(told.contains("nothing"), "{told}");
}

#[test]
fn a_bad_value_is_told_with_its_key_and_its_origin() {
    for (name, value, key) in [
        ("SPLITPLANE_SCHEMA_ROUTER__LISTEN__ADDRESS", "localhost", "listen.address"),
        ("SPLITPLANE_SCHEMA_ROUTER__LIMITS__CONCURRENCY_MAX", "0", "limits.concurrency_max"),
        (
            "SPLITPLANE_SCHEMA_ROUTER__LIMITS__STREAMS_PER_CONNECTION_MAX",
            "many",
            "limits.streams_per_connection_max",
        ),
        ("SPLITPLANE_SCHEMA_ROUTER__MESH__REVOCATION_BOUND", "5 parsecs", "mesh.revocation_bound"),
        ("SPLITPLANE_SCHEMA_ROUTER__TELEMETRY__LOG_FORMAT", "xml", "telemetry.log_format"),
        ("SPLITPLANE_SCHEMA_ROUTER__TLS__KEY", "", "tls.key"),
        ("SPLITPLANE_SCHEMA_ROUTER__TLS", "pki", "tls"),
    ] {
        let told = refusal(None, &[(name, value)]);
        assert!(told.starts_with(&format!("`{key}`: ")) && told.contains(name), "{told}");
    }
}

#[test]
fn a_name_in_the_environment_that_is_no_key_is_refused() {
    for name in [
        "SPLITPLANE_SCHEMA_ROUTER__",
        "SPLITPLANE_SCHEMA_ROUTER__LIMITS__",
        "SPLITPLANE_SCHEMA_ROUTER__limits__x",
    ] {
        let error = read(None, &[(name, "1")]).unwrap_err();
        assert!(matches!(error, ConfigError::EnvironmentName { .. }), "{error}");
    }
}

#[test]
fn a_file_that_is_missing_or_no_toml_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.toml");
    assert!(matches!(read(Some(&file), &[]), Err(ConfigError::File { .. })));
    std::fs::write(&file, "[limits").unwrap();
    assert!(matches!(read(Some(&file), &[]), Err(ConfigError::Syntax { .. })));
}

#[test]
fn what_is_printed_can_be_read_again() {
    let config = read(None, &[]).unwrap();
    let printed = toml::to_string(&config).unwrap();
    let again: Config = load("x", &printed, None, env(&[])).unwrap();
    assert_eq!(again, config);
}
