//! ECDSA signatures of P-256, from the DER form in which AWS KMS gives them to the one that a JWS has.
//!
//! Decides that there is one DER form for a pair of numbers and that nothing else is read. Whether the numbers
//! are a signature of anything is for the key to say.

const NUMBER_BYTES: usize = 32;
const SIGNATURE_BYTES: usize = 64;
const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const SIGN: u8 = 0x80;

/// The two numbers of 32 bytes each (RFC 7518, 3.4), of exactly one DER signature.
pub(crate) fn fixed_signature(der: &[u8]) -> Option<[u8; SIGNATURE_BYTES]> {
    let (body, after) = element(SEQUENCE, der)?;
    let (r, rest) = element(INTEGER, body)?;
    let (s, within) = element(INTEGER, rest)?;
    if !after.is_empty() || !within.is_empty() {
        return None;
    }
    let numbers = [number(r)?, number(s)?].concat();
    numbers.try_into().ok()
}

/// The content of the first element, and what comes after it. Its length is one byte: a signature of this curve
/// needs no more, and DER allows no longer form.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&length, rest) = rest.split_first()?;
    if found != tag || length >= SIGN {
        return None;
    }
    rest.split_at_checked(usize::from(length))
}

/// A positive number in its shortest form, on 32 bytes.
fn number(content: &[u8]) -> Option<[u8; NUMBER_BYTES]> {
    let digits = match content {
        // A zero in front only where the number would be read as negative without it.
        [0, digits @ ..] if digits.first().is_some_and(|first| *first >= SIGN) => digits,
        [first, ..] if *first != 0 && *first < SIGN => content,
        _ => return None,
    };
    let mut fixed = [0; NUMBER_BYTES];
    let at = NUMBER_BYTES.checked_sub(digits.len())?;
    fixed.get_mut(at..)?.copy_from_slice(digits);
    Some(fixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integer(content: &[u8]) -> Vec<u8> {
        [&[INTEGER, u8::try_from(content.len()).unwrap()], content].concat()
    }

    fn sequence(content: &[u8]) -> Vec<u8> {
        [&[SEQUENCE, u8::try_from(content.len()).unwrap()], content].concat()
    }

    fn signature(r: &[u8], s: &[u8]) -> Vec<u8> {
        sequence(&[integer(r), integer(s)].concat())
    }

    fn fixed(r: &[u8], s: &[u8]) -> Option<[u8; SIGNATURE_BYTES]> {
        let converted = fixed_signature(&signature(r, s));
        assert_eq!(
            converted,
            fixed_signature(&signature(s, r)).map(|swapped| {
                let (s, r) = swapped.split_at(NUMBER_BYTES);
                [r, s].concat().try_into().unwrap()
            })
        );
        converted
    }

    #[test]
    fn numbers_are_padded_to_their_places() {
        let high = [&[0][..], &[0x80; 32]].concat();
        let converted = fixed(&[7], &high).unwrap();
        assert_eq!(converted[..31], [0; 31]);
        assert_eq!(converted[31], 7);
        assert_eq!(converted[32..], [0x80; 32]);
        assert_eq!(fixed(&[0x7f; 32], &[0, 0x80]).unwrap()[..32], [0x7f; 32]);
    }

    #[test]
    fn other_forms_of_the_same_numbers_are_refused() {
        for number in [
            &[][..],
            // Zero, in its shortest form and a longer one.
            &[0],
            &[0, 0],
            // Negative.
            &[0x80],
            &[0xff; 32],
            // Not the shortest.
            &[0, 7],
            &[0, 0, 0x80],
            // Too long.
            &[7; 33],
            &[&[0][..], &[0x80; 33]].concat(),
        ] {
            assert_eq!(fixed(number, &[7]), None, "{number:?}");
        }
        let good = signature(&[7], &[9]);
        assert!(fixed_signature(&good).is_some());
        let long_form = [&[SEQUENCE, 0x81, 6], &good[2..]].concat();
        for other in [
            vec![],
            good[..good.len() - 1].to_vec(),
            [&good[..], &[0]].concat(),
            sequence(&[integer(&[7]), integer(&[9]), integer(&[1])].concat()),
            sequence(&[integer(&[7]), integer(&[9]), vec![0]].concat()),
            sequence(&integer(&[7])),
            [&[0x31], &good[1..]].concat(),
            [&[SEQUENCE, 6, 3], &good[3..]].concat(),
            [&[SEQUENCE, 0x80], &good[2..], &[0, 0]].concat(),
            long_form,
        ] {
            assert_eq!(fixed_signature(&other), None, "{other:?}");
        }
    }
}
