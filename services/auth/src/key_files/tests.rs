use super::*;
use crate::config::DEFAULTS;
use secrecy::ExposeSecret as _;
use splitplane_service::config::load;
use splitplane_session::SigningKey;
use splitplane_sigv4::{
    Expectations, MasterKey, RawRequest, SignRequest, TemporaryCredentials, VerifyError, frame, sign, verify,
};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn opened() -> (tempfile::TempDir, Config, KeyFiles) {
    let folder = tempfile::tempdir().unwrap();
    let mut config: Config = load("auth", DEFAULTS, None, []).unwrap();
    config.receipts.public_key = folder.path().join("receipt.pub");
    config.credentials.master_key = folder.path().join("credentials.key");
    config.credentials.previous_master_key = folder.path().join("credentials.previous.key");
    config.conversations.public_key = folder.path().join("conversation.pub");
    for file in [&config.receipts.public_key, &config.conversations.public_key] {
        std::fs::write(file, public_key().to_text()).unwrap();
    }
    let (_, text) = MasterKey::generate().unwrap();
    for file in [&config.credentials.master_key, &config.credentials.previous_master_key] {
        std::fs::write(file, text.expose_secret()).unwrap();
    }
    let files = KeyFiles::open(&config).unwrap();
    (folder, config, files)
}

fn public_key() -> PublicKey {
    SigningKey::generate().unwrap().0.public_key()
}

/// Whose request this is, signed with these credentials, by what is in use now.
fn judged(files: &KeyFiles, credentials: &TemporaryCredentials) -> Result<String, VerifyError> {
    let frame = frame(b"\x0a\x04what");
    let request = SignRequest {
        path: "/splitplane.gateway.v1.GatewayService/Ask",
        authority: "localhost:7100",
        frame: &frame,
        composite: &"t/b/a".parse().unwrap(),
        nonce: "01JD9Z6V5T.nonce_-",
        region: "us-east-1",
    };
    let headers: Vec<(String, Vec<u8>)> = sign(&request, credentials, now())
        .unwrap()
        .into_iter()
        .map(|(name, value)| (name, value.into()))
        .collect();
    let raw =
        RawRequest { path: request.path, authority: request.authority, headers: &headers, frame: &frame };
    let expectations = Expectations {
        region: "us-east-1".into(),
        authorities: vec!["localhost:7100".into()],
        skew: Duration::from_secs(300),
    };
    verify(&raw, &files.issuer().borrow(), &expectations, now()).map(|caller| caller.principal().to_string())
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_348_800)
}

fn issued(files: &KeyFiles) -> TemporaryCredentials {
    let issuer = Arc::clone(&files.issuer().borrow());
    issuer.issue(&"worker".parse().unwrap(), Duration::from_secs(3_600), now()).unwrap()
}

/// As `splitplane keys rotate credentials` does it.
fn rotate(config: &Config) {
    let current = std::fs::read(&config.credentials.master_key).unwrap();
    std::fs::write(&config.credentials.previous_master_key, current).unwrap();
    let (_, text) = MasterKey::generate().unwrap();
    std::fs::write(&config.credentials.master_key, text.expose_secret()).unwrap();
}

#[test]
fn credentials_of_the_master_key_before_are_good_until_it_is_replaced_too() {
    let (_folder, config, mut files) = opened();
    let first = issued(&files);
    rotate(&config);
    files.refresh();
    let second = issued(&files);
    for credentials in [&first, &second] {
        assert_eq!(judged(&files, credentials).unwrap(), "worker");
    }
    rotate(&config);
    files.refresh();
    assert_eq!(judged(&files, &first).unwrap_err(), VerifyError::UnknownCredentials);
    assert_eq!(judged(&files, &second).unwrap(), "worker");
}

#[test]
fn between_the_two_writes_of_a_rotation_credentials_are_good() {
    let (_folder, config, mut files) = opened();
    let first = issued(&files);
    rotate(&config);
    files.refresh();
    let second = issued(&files);
    let current = std::fs::read(&config.credentials.master_key).unwrap();
    std::fs::write(&config.credentials.previous_master_key, current).unwrap();
    files.refresh();
    // What the key before the previous one issued has had its time.
    assert_eq!(judged(&files, &first).unwrap_err(), VerifyError::UnknownCredentials);
    assert_eq!(judged(&files, &second).unwrap(), "worker");
}

#[test]
fn every_public_key_in_a_file_is_shown_from_when_it_is_written() {
    let (_folder, config, mut files) = opened();
    for (file, mut feed, mut other) in [
        (&config.receipts.public_key, files.receipt_keys(), files.conversation_keys()),
        (&config.conversations.public_key, files.conversation_keys(), files.receipt_keys()),
    ] {
        let first = feed.borrow_and_update().clone();
        other.mark_unchanged();
        files.refresh();
        assert!(!feed.has_changed().unwrap());
        let second = public_key();
        let text = format!("{}\n{}\n", first[0].to_text(), second.to_text());
        std::fs::write(file, text).unwrap();
        files.refresh();
        assert_eq!(*feed.borrow_and_update(), [first[0].clone(), second.clone()]);
        std::fs::write(file, format!("\n{}\n\n", second.to_text())).unwrap();
        files.refresh();
        assert_eq!(*feed.borrow_and_update(), [second]);
        assert!(!other.has_changed().unwrap(), "a key of one kind is shown as one of the other");
    }
}

#[test]
fn a_file_that_is_gone_half_written_or_too_long_leaves_the_keys_in_use() {
    let (_folder, config, mut files) = opened();
    let credentials = issued(&files);
    let (mut feed, mut issuer) = (files.receipt_keys(), files.issuer());
    let conversations = files.conversation_keys();
    let first = feed.borrow_and_update()[0].to_text();
    issuer.mark_unchanged();
    let second = public_key().to_text();
    let half = second.get(..40).unwrap();
    for text in ["", "\n", half, &format!("{first}\n{half}"), &format!("{first}\n").repeat(9)] {
        std::fs::write(&config.receipts.public_key, text).unwrap();
        std::fs::write(&config.credentials.master_key, text).unwrap();
        std::fs::write(&config.conversations.public_key, text).unwrap();
        files.refresh();
        assert!(!feed.has_changed().unwrap() && !issuer.has_changed().unwrap(), "{text}");
        assert!(!conversations.has_changed().unwrap(), "{text}");
    }
    for file in [&config.receipts.public_key, &config.credentials.previous_master_key] {
        std::fs::remove_file(file).unwrap();
    }
    files.refresh();
    assert!(!feed.has_changed().unwrap() && !issuer.has_changed().unwrap());
    assert_eq!(judged(&files, &credentials).unwrap(), "worker");
    // Whole again.
    std::fs::write(&config.receipts.public_key, format!("{first}\n{second}\n")).unwrap();
    files.refresh();
    assert_eq!(feed.borrow_and_update().len(), 2);
}

#[test]
fn files_without_keys_are_no_start() {
    let (_folder, config, _files) = opened();
    for file in
        [&config.receipts.public_key, &config.conversations.public_key, &config.credentials.master_key]
    {
        let text = std::fs::read_to_string(file).unwrap();
        for broken in ["", "no key"] {
            std::fs::write(file, broken).unwrap();
            assert!(KeyFiles::open(&config).is_err(), "{broken}");
        }
        std::fs::write(file, text).unwrap();
    }
    KeyFiles::open(&config).unwrap();
}
