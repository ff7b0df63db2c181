//! A second look, by the engine itself, at what a statement would read: nothing but the places of its relations.
//!
//! The scope's plans decide what is read, and this does not replace them: an engine lists the files of a folder before it
//! leaves any out, and knows no files of a table.

use crate::scoped::Place;
use splitplane_engine::EngineError;
use std::collections::BTreeSet;

/// Checks that every file is in one of the places.
///
/// # Errors
/// [`EngineError::Internal`] for a file that is elsewhere.
pub(super) fn check(files: &[String], places: &BTreeSet<Place>) -> Result<(), EngineError> {
    if places.iter().any(|place| !place.is_path) {
        return Ok(());
    }
    let places: Vec<Vec<u8>> = places.iter().map(|place| plain(&place.path)).collect();
    let is_inside = |file: &&String| {
        let file = plain(file);
        places.iter().any(|place| {
            file.strip_prefix(place.as_slice()).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        })
    };
    match files.iter().find(|file| !is_inside(file)) {
        None => Ok(()),
        Some(file) => {
            Err(EngineError::internal(format!("the engine would read a file of no relation: {file}")))
        }
    }
}

/// A path without the scheme of local files, the slash at its end, and escapes: engines differ in how often they escape.
fn plain(path: &str) -> Vec<u8> {
    let path = path.strip_prefix("file:").unwrap_or(path);
    let local = path.trim_start_matches('/');
    let is_local = local.len() < path.len();
    let mut bytes = if is_local { b"/".to_vec() } else { Vec::new() };
    bytes.extend(local.trim_end_matches('/').bytes());
    loop {
        let unescaped = unescaped(&bytes);
        if unescaped.len() == bytes.len() {
            return bytes;
        }
        bytes = unescaped;
    }
}

fn unescaped(bytes: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        let escaped = match (first, after) {
            (b'%', [high, low, after @ ..]) => {
                digit(*high).zip(digit(*low)).map(|(high, low)| (high * 16 + low, after))
            }
            _ => None,
        };
        let (byte, after) = escaped.unwrap_or((*first, after));
        plain.push(byte);
        rest = after;
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(files: &[&str], place: &str, is_path: bool) -> bool {
        let place = Place { source: "loans".to_owned(), path: place.to_owned(), is_part: false, is_path };
        let files: Vec<String> = files.iter().map(|file| (*file).to_owned()).collect();
        check(&files, &BTreeSet::from([place])).is_ok()
    }

    #[test]
    fn files_of_the_relations_are_inside_however_they_are_written_and_no_others_are() {
        let own = "/wh/loans/town=t%2F1";
        for file in [
            "file:///wh/loans/town=t%252F1/a.parquet",
            "file:/wh/loans/town=t%2F1/a.parquet",
            "/wh/loans/town=t%2F1/day=1/a.parquet",
            "/wh/loans/town=t%2F1",
        ] {
            assert!(judged(&[file], own, true), "{file}");
        }
        for file in [
            "/wh/loans/town=t%2F10/a.parquet",
            "/wh/loans/a.parquet",
            "/etc/passwd",
            "s3a://wh/loans/town=t%2F1/a",
        ] {
            assert!(!judged(&["/wh/loans/town=t%2F1/a", file], own, true), "{file}");
        }
        assert!(judged(&["s3a://lake/loans/a.parquet"], "s3a://lake/loans/", true));
        assert!(!judged(&["s3a://lake/loans2/a.parquet"], "s3a://lake/loans", true));
        // A table's files are the catalogue's to know.
        assert!(judged(&["/elsewhere/a.parquet"], "main.shop.loans", false));
    }
}
