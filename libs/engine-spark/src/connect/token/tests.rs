use super::*;

async fn read(source: &FileToken) -> String {
    source.token().await.unwrap().expose_secret().to_owned()
}

#[tokio::test]
async fn a_token_that_was_renewed_is_the_one_that_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let source = FileToken::new(&path, Duration::from_secs(3600));
    std::fs::write(&path, "first\n").unwrap();
    assert_eq!(read(&source).await, "first");
    std::fs::write(&path, "second-one\n").unwrap();
    assert_eq!(read(&source).await, "second-one");
}

/// The file keeps its length and its time, as on a file system that tells of no change.
#[tokio::test(start_paused = true)]
async fn a_token_is_read_again_when_it_is_old() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    let write = |text: &str| {
        std::fs::write(&path, text).unwrap();
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(at).unwrap();
    };
    write("aaaa");
    let source = FileToken::new(&path, Duration::from_secs(60));
    assert_eq!(read(&source).await, "aaaa");
    write("bbbb");
    tokio::time::advance(Duration::from_secs(59)).await;
    assert_eq!(read(&source).await, "aaaa");
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(read(&source).await, "bbbb");
}

#[tokio::test]
async fn what_is_not_a_token_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let source = FileToken::new(&path, Duration::ZERO);
    assert!(matches!(source.token().await, Err(TokenError::File(_))));
    for text in ["", " \n", "two words", "line\r\nx-other: 1", "caf\u{e9}"] {
        std::fs::write(&path, text).unwrap();
        assert!(matches!(source.token().await, Err(TokenError::NotAToken)), "{text:?}");
    }
    std::fs::write(&path, "a".repeat(70_000)).unwrap();
    assert!(matches!(source.token().await, Err(TokenError::NotAToken)));
}

#[tokio::test]
async fn debug_shows_no_token() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "hunter2").unwrap();
    let source = FileToken::new(&path, Duration::from_secs(60));
    read(&source).await;
    assert!(!format!("{source:?} {:?}", FixedToken::new("hunter2".into())).contains("hunter2"));
}
