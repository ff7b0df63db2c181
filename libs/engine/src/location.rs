//! Where the warehouse is: a folder, or the objects of a bucket under a prefix.
//!
//! Decides which texts name a place, and that a bucket and a prefix are plain names. Connects to nothing.

use crate::EngineError;
use std::path::{Path, PathBuf};

/// How an S3-compatible object store is reached. Credentials are not among it: they are a role's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Config {
    /// Region, as requests are signed for it.
    pub region: String,
    /// URL of the endpoint; empty is that of AWS for the region.
    pub endpoint: String,
    /// Whether the bucket stands in the path of a request and not in its host's name.
    pub path_style: bool,
}

impl Default for S3Config {
    fn default() -> Self {
        Self { region: "us-east-1".to_owned(), endpoint: String::new(), path_style: false }
    }
}

impl S3Config {
    /// Refuses an endpoint to which rows would travel in the open.
    pub(crate) fn check(&self) -> Result<(), EngineError> {
        let is_endpoint = self.endpoint.is_empty()
            || self.endpoint.starts_with("https://")
            || self.endpoint.starts_with("http://127.0.0.1:")
            || self.endpoint.starts_with("http://[::1]:");
        match (is_endpoint, self.region.is_empty()) {
            (true, false) => Ok(()),
            (false, _) => {
                Err(EngineError::warehouse("s3", "the endpoint must be https, or http on a loopback address"))
            }
            (true, true) => Err(EngineError::warehouse("s3", "a region is needed")),
        }
    }
}

/// A place that a warehouse may be in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Location {
    Folder(PathBuf),
    /// The prefix is empty, or ends with a slash.
    Bucket {
        name: String,
        prefix: String,
    },
}

const SCHEME: &str = "s3://";

impl Location {
    /// Reads `s3://bucket/prefix`; everything else is a path.
    pub(crate) fn of(text: &Path) -> Result<Self, EngineError> {
        let Some(rest) = text.to_str().and_then(|text| text.strip_prefix(SCHEME)) else {
            return Ok(Self::Folder(text.to_owned()));
        };
        let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let fail = |why: &'static str| Err(EngineError::warehouse(name, why));
        if !is_bucket(name) {
            return fail("not the name of a bucket");
        }
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        if prefix.is_empty() {
            return Ok(Self::Bucket { name: name.to_owned(), prefix: String::new() });
        }
        // Clients and proxies take such parts out of a path, and would then ask for another object.
        if prefix.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return fail("a prefix of empty or relative parts");
        }
        Ok(Self::Bucket { name: name.to_owned(), prefix: format!("{prefix}/") })
    }
}

/// A plain bucket: no ARN, no access point, nothing that leads to another endpoint.
fn is_bucket(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    (3..=63).contains(&name.len())
        && name.bytes().all(inner)
        && !name.starts_with(['-', '.'])
        && !name.ends_with(['-', '.'])
        && !name.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_in_the_open_is_refused() {
        let check = |endpoint: &str, region: &str| {
            S3Config { endpoint: endpoint.to_owned(), region: region.to_owned(), path_style: true }.check()
        };
        for endpoint in ["", "https://minio.internal:9000", "http://127.0.0.1:9000", "http://[::1]:9000"] {
            assert!(check(endpoint, "eu-west-1").is_ok(), "{endpoint}");
            assert!(check(endpoint, "").is_err(), "{endpoint}");
        }
        for endpoint in ["http://minio.internal:9000", "http://127.0.0.1.evil.example", "minio:9000"] {
            assert!(check(endpoint, "eu-west-1").is_err(), "{endpoint}");
        }
    }

    #[test]
    fn a_bucket_and_a_prefix_are_plain_names_and_all_else_is_a_path() {
        let bucket =
            |name: &str, prefix: &str| Location::Bucket { name: name.to_owned(), prefix: prefix.to_owned() };
        for (text, expected) in [
            ("s3://lake", bucket("lake", "")),
            ("s3://lake/", bucket("lake", "")),
            ("s3://lake/raw/daily", bucket("lake", "raw/daily/")),
            ("s3://my.lake-2/raw/", bucket("my.lake-2", "raw/")),
            ("data", Location::Folder("data".into())),
            ("/mnt/s3:/x", Location::Folder("/mnt/s3:/x".into())),
        ] {
            assert_eq!(Location::of(Path::new(text)).unwrap(), expected, "{text}");
        }
        for text in [
            "s3://",
            "s3:///raw",
            "s3://La/raw",
            "s3://-lake",
            "s3://la..ke",
            "s3://arn:aws:s3:eu-west-1:1:accesspoint/x",
            "s3://lake//raw",
            "s3://lake/raw//",
            "s3://lake/../other",
            "s3://lake/raw/./x",
            "s3://key@lake",
        ] {
            assert!(Location::of(Path::new(text)).is_err(), "{text}");
        }
    }
}
