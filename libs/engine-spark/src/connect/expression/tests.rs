use super::*;
use proptest::prelude::*;

#[test]
fn a_decimal_is_written_with_all_its_digits() {
    let cases = [
        (0, 0, "0"),
        (0, 2, "0.00"),
        (5, 2, "0.05"),
        (-5, 2, "-0.05"),
        (12345, 2, "123.45"),
        (-12345, 0, "-12345"),
        (100, 1, "10.0"),
        (i128::MIN, 38, "-1.70141183460469231731687303715884105728"),
    ];
    for (digits, scale, written) in cases {
        assert_eq!(decimal_text(digits, scale), written);
    }
}

/// Reads a name as an engine does: parts in backticks, two backticks for one, dots between parts.
fn read_back(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text.chars().peekable();
    loop {
        assert_eq!(rest.next(), Some('`'), "{text}");
        let mut part = String::new();
        loop {
            match rest.next().unwrap() {
                '`' if rest.peek() == Some(&'`') => {
                    rest.next();
                    part.push('`');
                }
                '`' => break,
                other => part.push(other),
            }
        }
        parts.push(part);
        match rest.next() {
            None => return parts,
            Some(dot) => assert_eq!(dot, '.', "{text}"),
        }
    }
}

proptest! {
    #[test]
    fn a_name_is_read_back_as_the_same_parts(parts in prop::collection::vec("[a-z`.' \\\\]{1,8}", 1..4)) {
        let names: Vec<&str> = parts.iter().map(String::as_str).collect();
        prop_assert_eq!(read_back(&identifier(&names)), parts);
    }
}
