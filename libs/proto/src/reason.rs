//! Reasons on the wire.

use crate::common::v1::ErrorReason;
use splitplane_types::Reason;

/// The proto's value for a reason.
#[must_use]
pub fn wire_reason(reason: Reason) -> ErrorReason {
    let name = format!("ERROR_REASON_{}", reason.as_str());
    ErrorReason::from_str_name(&name).unwrap_or(ErrorReason::Unspecified)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_lists_are_the_same() {
        for (number, reason) in (1..).zip(Reason::ALL) {
            assert_eq!(i32::from(wire_reason(reason)), number, "{}", reason.as_str());
            assert_eq!(Reason::from_wire(reason.as_str()), Some(reason));
        }
        let beyond = i32::try_from(Reason::ALL.len()).unwrap() + 1;
        assert!(ErrorReason::try_from(beyond).is_err(), "the proto has a reason that the code lacks");
    }
}
