//! What masks are written as. That the engines give the leaf's bytes is checked on the engines.

use super::*;
use std::num::NonZeroU32;

fn width(width: u32) -> ColumnMask {
    ColumnMask::Bucket(Bucket::Width(NonZeroU32::new(width).unwrap()))
}

#[test]
fn a_mask_has_the_kind_that_the_leaf_shows() {
    let decimal = |precision, scale| Kind::Decimal { precision, scale };
    let key = ColumnMask::Hash(MaskKey::new([7; 32]));
    for (kind, mask, shown) in [
        (Kind::Date, ColumnMask::Null, Kind::Date),
        (Kind::Text, ColumnMask::Last(2), Kind::Text),
        (Kind::Integer, key, Kind::Text),
        (Kind::Integer, width(5), Kind::Integer),
        (decimal(10, 2), width(5), decimal(38, 2)),
        (Kind::Timestamp, ColumnMask::Bucket(Bucket::Unit(BucketUnit::Week)), Kind::Timestamp),
    ] {
        assert_eq!(masked("x", kind, &mask).unwrap().1, shown);
    }
}

#[test]
fn a_mask_that_a_kind_cannot_have_is_refused() {
    let month = ColumnMask::Bucket(Bucket::Unit(BucketUnit::Month));
    let wide = Kind::Decimal { precision: 38, scale: 36 };
    for (kind, mask) in [
        (Kind::Integer, ColumnMask::Last(4)),
        (Kind::Text, width(10)),
        (Kind::Date, width(10)),
        (Kind::Integer, month),
        (wide, width(1_000)),
        (Kind::Float, ColumnMask::Hash(MaskKey::new([7; 32]))),
        (Kind::Interval, ColumnMask::Null),
    ] {
        assert!(masked("x", kind, &mask).is_err(), "{kind:?}");
    }
}

/// RFC 2104: a key shorter than a block is filled up with zeros, and each byte meets 0x36 and 0x5c.
#[test]
fn a_hash_has_the_key_in_both_pads_and_nowhere_else() {
    let mut key = [0_u8; 32];
    key[0] = 0x01;
    key[31] = 0xff;
    let (text, _) = masked("x", Kind::Text, &ColumnMask::Hash(MaskKey::new(key))).unwrap();
    let pad = |first: &str, fill: &str, last: &str| {
        format!("X'{first}{}{last}{}'", fill.repeat(30), fill.repeat(32))
    };
    assert_eq!(
        text,
        format!(
            "left(sha2(concat({}, unhex(sha2(concat({}, CAST(CAST(x AS STRING) AS BINARY)), 256))), 256), 32)",
            pad("5D", "5C", "A3"),
            pad("37", "36", "C9")
        )
    );
}

#[test]
fn a_hash_by_markers_is_the_same_hash_without_the_key() {
    let mask = ColumnMask::Hash(MaskKey::new([7; 32]));
    let (inner, outer) = pads(MaskKey::new([7; 32]));
    let (text, _) = masked_by("x", Kind::Text, &mask, (":mask_in", ":mask_out")).unwrap();
    assert!(!text.contains(&inner) && !text.contains(&outer), "{text}");
    let bound = text
        .replace("unhex(:mask_in)", &format!("X'{inner}'"))
        .replace("unhex(:mask_out)", &format!("X'{outer}'"));
    assert_eq!(bound, masked("x", Kind::Text, &mask).unwrap().0);
}
