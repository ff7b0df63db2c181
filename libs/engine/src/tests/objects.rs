//! An object store of a few lines, for what no other can be made to do: replies that break off, pages of three,
//! objects that change between two requests. It speaks what the engine asks for and refuses all else.

use crate::location::S3Config;
use crate::store::Bucket;
use crate::warehouse::unescape;
use crate::{EngineError, Warehouse};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

/// What goes wrong with an object, as often as is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The body ends in its middle.
    BreaksOff,
    /// 403.
    Forbidden,
    /// 500.
    Failure,
    /// The whole object, whatever was asked for.
    NoRanges,
    /// Whatever is there, whatever version was asked for.
    NoConditions,
    /// No reply; the connection stays open until the client leaves.
    Silent,
}

#[derive(Debug, Default)]
struct Held {
    objects: BTreeMap<String, (Vec<u8>, String)>,
    faults: HashMap<String, (Fault, usize)>,
    asked: Vec<String>,
    versions: usize,
}

/// A running store with one bucket, `lake`.
#[derive(Debug, Clone)]
pub(crate) struct Objects {
    held: Arc<Mutex<Held>>,
    endpoint: String,
}

/// Entries of a page.
const PAGE: usize = 3;

pub(crate) fn a_role() -> SharedCredentialsProvider {
    let token = Some("token".to_owned());
    SharedCredentialsProvider::new(Credentials::new("ASIAIOSFODNN7EXAMPLE", "secret", token, None, "test"))
}

pub(crate) fn reached_at(endpoint: &str) -> S3Config {
    S3Config { endpoint: endpoint.to_owned(), path_style: true, ..S3Config::default() }
}

impl Objects {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let store = Self { held: Arc::default(), endpoint };
        let serving = store.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let serving = serving.clone();
                std::thread::spawn(move || serving.serve(&stream));
            }
        });
        store
    }

    pub(crate) fn put(&self, key: &str, bytes: impl Into<Vec<u8>>) {
        let mut held = self.held();
        held.versions += 1;
        let tag = format!("\"v{}\"", held.versions);
        held.objects.insert(key.to_owned(), (bytes.into(), tag));
    }

    pub(crate) fn remove(&self, key: &str) {
        self.held().objects.remove(key);
    }

    pub(crate) fn fails(&self, key: &str, fault: Fault, times: usize) {
        self.held().faults.insert(key.to_owned(), (fault, times));
    }

    /// What was asked since it was last asked for.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.held().asked)
    }

    pub(crate) fn warehouse(&self, prefix: &str) -> Result<Warehouse, EngineError> {
        let bucket =
            Bucket::given("lake".to_owned(), prefix.to_owned(), &reached_at(&self.endpoint), a_role());
        Ok(Warehouse::of(Arc::new(bucket.map_err(|cause| EngineError::warehouse("lake", cause))?)))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap()
    }

    fn serve(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        loop {
            let mut lines = Vec::new();
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 {
                    return;
                }
                if line.trim().is_empty() {
                    break;
                }
                lines.push(line.trim().to_owned());
            }
            let target = lines[0].strip_prefix("GET ").unwrap().split(' ').next().unwrap().to_owned();
            let headers: HashMap<String, String> = lines[1..]
                .iter()
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect();
            assert!(headers["authorization"].starts_with("AWS4-HMAC-SHA256 "));
            assert_eq!(headers["x-amz-security-token"], "token");
            if !self.answer(&target, &headers, stream) {
                return;
            }
        }
    }

    /// Answers one request; false when the connection ends with it.
    fn answer(&self, target: &str, headers: &HashMap<String, String>, stream: &TcpStream) -> bool {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = unescape(path).unwrap();
        let key = path.strip_prefix("/lake").unwrap().trim_start_matches('/');
        if key.is_empty() {
            let query: HashMap<String, String> = query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (name.to_owned(), unescape(value).unwrap()))
                .collect();
            self.held().asked.push(format!("list {}", query["prefix"]));
            return reply(stream, "200 OK", "", self.listing(&query).as_bytes(), None);
        }
        let (found, fault) = {
            let mut held = self.held();
            held.asked.push(format!("get {key} {}", headers["range"]));
            let fault = held.faults.get_mut(key).filter(|(_, times)| *times > 0).map(|(fault, times)| {
                *times -= 1;
                *fault
            });
            (held.objects.get(key).cloned(), fault)
        };
        let Some((bytes, tag)) = found else { return reply(stream, "404 Not Found", "", b"", None) };
        match fault {
            Some(Fault::Forbidden) => return reply(stream, "403 Forbidden", "", DENIED, None),
            Some(Fault::Failure) => return reply(stream, "500 Internal Server Error", "", b"", None),
            Some(Fault::NoRanges) => {
                return reply(stream, "200 OK", &format!("ETag: {tag}\r\n"), &bytes, None);
            }
            Some(Fault::Silent) => {
                let _ = BufReader::new(stream).read_line(&mut String::new());
                return false;
            }
            Some(Fault::BreaksOff | Fault::NoConditions) | None => {}
        }
        if headers["if-match"] != tag && fault != Some(Fault::NoConditions) {
            return reply(stream, "412 Precondition Failed", "", b"", None);
        }
        let (start, end) = headers["range"].strip_prefix("bytes=").unwrap().split_once('-').unwrap();
        let (start, end): (usize, usize) = (start.parse().unwrap(), end.parse().unwrap());
        let Some(part) = bytes.get(start..=end) else {
            return reply(stream, "416 Range Not Satisfiable", "", b"", None);
        };
        let head = format!("ETag: {tag}\r\nContent-Range: bytes {start}-{end}/{}\r\n", bytes.len());
        let sent = (fault == Some(Fault::BreaksOff)).then_some(part.len() / 2);
        reply(stream, "206 Partial Content", &head, part, sent)
    }

    fn listing(&self, query: &HashMap<String, String>) -> String {
        assert_eq!((query["delimiter"].as_str(), query["encoding-type"].as_str()), ("/", "url"));
        let (prefix, held) = (&query["prefix"], self.held());
        // A key, or what keys have in common up to the delimiter.
        let mut entries: BTreeMap<String, Option<(usize, String)>> = BTreeMap::new();
        for (key, (bytes, tag)) in held.objects.range(prefix.clone()..) {
            let Some(rest) = key.strip_prefix(prefix.as_str()) else { break };
            match rest.split_once('/') {
                Some((folder, _)) => entries.insert(format!("{prefix}{folder}/"), None),
                None => entries.insert(key.clone(), Some((bytes.len(), tag.clone()))),
            };
        }
        let after = query.get("continuation-token").cloned().unwrap_or_default();
        let left: Vec<_> = entries.into_iter().filter(|(key, _)| *key > after).collect();
        let mut text = String::from("<ListBucketResult>");
        for (key, object) in left.iter().take(PAGE) {
            let key = escaped(key);
            match object {
                None => write!(text, "<CommonPrefixes><Prefix>{key}</Prefix></CommonPrefixes>").unwrap(),
                Some((size, tag)) => {
                    write!(text, "<Contents><Key>{key}</Key><Size>{size}</Size><ETag>{tag}</ETag></Contents>")
                        .unwrap()
                }
            }
        }
        if left.len() > PAGE {
            write!(text, "<IsTruncated>true</IsTruncated>").unwrap();
            write!(text, "<NextContinuationToken>{}</NextContinuationToken>", left[PAGE - 1].0).unwrap();
        }
        text + "</ListBucketResult>"
    }
}

/// What a store says that knows more than a caller may.
const DENIED: &[u8] =
    b"<Error><Code>AccessDenied</Code><Message>SECRET-ROLE may not read SECRET-KEY</Message></Error>";

/// As a store writes keys where it is asked to: everything but plain letters.
fn escaped(key: &str) -> String {
    let mut text = String::new();
    for byte in key.bytes() {
        match byte {
            b' ' => text.push('+'),
            b'/' | b'.' | b'-' | b'_' => text.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => text.push(char::from(byte)),
            byte => write!(text, "%{byte:02X}").unwrap(),
        }
    }
    text
}

/// Sends a reply, or only `sent` bytes of its body.
fn reply(mut stream: &TcpStream, status: &str, head: &str, body: &[u8], sent: Option<usize>) -> bool {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{head}\r\n", body.len());
    let part = &body[..sent.unwrap_or(body.len())];
    stream.write_all(&[head.as_bytes(), part].concat()).is_ok() && sent.is_none()
}
