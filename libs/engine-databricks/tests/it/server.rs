//! The strict server itself, spoken to by hand: what it refuses whoever the client is.

use crate::support::{Bench, PROOF};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// The status and the body of one request, of which every byte is written here.
async fn raw(url: &str, method: &str, headers: &[(&str, &str)], body: &str) -> (u16, Vec<u8>) {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let head =
        format!("{method} /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}");
    stream.write_all(format!("{head}\r\n{headers}\r\n{body}").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|part| part == b"\r\n\r\n").unwrap();
    let status = String::from_utf8_lossy(&answer[..end]).split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer[end + 4..].to_vec())
}

#[tokio::test]
async fn the_storage_gives_a_chunk_for_its_link_with_its_header_and_without_any_credential() {
    let bench = Bench::new().await;
    let url = bench.server.url();
    let form = format!(
        "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&scope=all-apis&client_id=service-principal\
         &subject_token_type=urn:ietf:params:oauth:token-type:jwt&subject_token={PROOF}"
    );
    let of_form = [("content-type", "application/x-www-form-urlencoded")];
    let (status, token) = raw(&format!("{url}/oidc/v1/token"), "POST", &of_form, &form).await;
    assert_eq!(status, 200);
    let token: Value = serde_json::from_slice(&token).unwrap();
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let body = json!({
        "statement": "rows 3", "warehouse_id": "warehouse",
        "disposition": "EXTERNAL_LINKS", "format": "ARROW_STREAM", "wait_timeout": "5s",
    });
    let of_json = [("content-type", "application/json"), ("authorization", bearer.as_str())];
    let statements = format!("{url}/api/2.0/sql/statements");
    assert_eq!(raw(&statements, "POST", &of_json[..1], &body.to_string()).await.0, 401);
    let (status, answer) = raw(&statements, "POST", &of_json, &body.to_string()).await;
    assert_eq!(status, 200);
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let link = &answer["result"]["external_links"][0];
    let place = link["external_link"].as_str().unwrap();
    let key = ("x-result-key", link["http_headers"]["x-result-key"].as_str().unwrap());
    let (status, chunk) = raw(place, "GET", &[key], "").await;
    assert_eq!((status, chunk.len().to_string()), (200, link["byte_count"].to_string()));
    assert_eq!(raw(place, "GET", &[key, ("authorization", &bearer)], "").await.0, 400);
    assert_eq!(raw(place, "GET", &[], "").await.0, 403);
    assert_eq!(raw(place, "GET", &[("x-result-key", "another")], "").await.0, 403);
    assert_eq!(raw(&place.replace("sig=", "sig=0"), "GET", &[key], "").await.0, 403);
}
