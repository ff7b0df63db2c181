//! An honest request, changed by someone who holds no secret. Nothing changed may pass.

use crate::world::{NONCE, Sent, credentials, now};

pub(crate) fn flips(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len() * 8).map(|bit| {
        let mut flipped = bytes.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        flipped
    })
}

#[test]
fn any_flipped_bit_of_any_header_is_refused() {
    let sent = Sent::honest(&credentials(), NONCE, now());
    sent.verify().unwrap();
    let mut tried = 0;
    for index in 0..sent.headers.len() {
        for value in flips(&sent.headers[index].1) {
            let mut changed = sent.clone();
            changed.headers[index].1 = value;
            assert!(changed.verify().is_err(), "{changed:?}");
            tried += 1;
        }
        for name in flips(sent.headers[index].0.as_bytes()) {
            let Ok(name) = String::from_utf8(name) else { continue };
            let mut changed = sent.clone();
            changed.headers[index].0 = name;
            assert!(changed.verify().is_err(), "{changed:?}");
            tried += 1;
        }
    }
    assert!(tried > 5_000, "{tried}");
}

#[test]
fn any_flipped_bit_of_body_path_or_authority_is_refused() {
    let sent = Sent::honest(&credentials(), NONCE, now());
    for frame in flips(&sent.frame) {
        assert!(Sent { frame, ..sent.clone() }.verify().is_err());
    }
    for path in flips(sent.path.as_bytes()).filter_map(|path| String::from_utf8(path).ok()) {
        assert!(Sent { path: path.clone(), ..sent.clone() }.verify().is_err(), "{path}");
    }
    for authority in flips(sent.authority.as_bytes()).filter_map(|text| String::from_utf8(text).ok()) {
        assert!(Sent { authority: authority.clone(), ..sent.clone() }.verify().is_err(), "{authority}");
    }
    // Another authority that is ours as well: the signature says which one was meant.
    assert!(Sent { authority: "localhost:7000".into(), ..sent }.verify().is_err());
}

#[test]
fn a_header_dropped_doubled_or_shouted_is_refused() {
    let sent = Sent::honest(&credentials(), NONCE, now());
    for index in 0..sent.headers.len() {
        let mut dropped = sent.clone();
        dropped.headers.remove(index);
        assert!(dropped.verify().is_err());

        let mut doubled = sent.clone();
        doubled.headers.push(sent.headers[index].clone());
        assert!(doubled.verify().is_err());

        let mut shouted = sent.clone();
        shouted.headers[index].0.make_ascii_uppercase();
        assert!(shouted.verify().is_err());

        for blank in [&b" "[..], b"\t", b"\r\n "] {
            let mut padded = sent.clone();
            padded.headers[index].1.extend(blank);
            assert!(padded.verify().is_err());
            padded.headers[index].1 = [blank, &sent.headers[index].1].concat();
            assert!(padded.verify().is_err());
        }
    }
}

#[test]
fn values_cannot_be_swapped_between_headers_or_requests() {
    let (credentials, other) = (credentials(), credentials());
    let sent = Sent::honest(&credentials, NONCE, now());
    let mut swapped = sent.clone();
    let tenant = swapped.header("x-splitplane-tenant-id").clone();
    let admin = std::mem::replace(swapped.header("x-splitplane-admin-id"), tenant);
    *swapped.header("x-splitplane-tenant-id") = admin;
    assert!(swapped.verify().is_err());

    let other = Sent::honest(&other, "another-nonce-0001", now());
    for index in 0..sent.headers.len() {
        if sent.headers[index] != other.headers[index] {
            let mut mixed = sent.clone();
            mixed.headers[index] = other.headers[index].clone();
            assert!(mixed.verify().is_err(), "{}", sent.headers[index].0);
        }
    }
}

#[test]
fn a_frame_cut_or_grown_is_refused() {
    let sent = Sent::honest(&credentials(), NONCE, now());
    for length in 0..sent.frame.len() {
        assert!(Sent { frame: sent.frame[..length].to_vec(), ..sent.clone() }.verify().is_err());
    }
    let grown = [&sent.frame[..], &sent.frame].concat();
    assert!(Sent { frame: grown, ..sent }.verify().is_err());
}
