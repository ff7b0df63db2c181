//! How values that have one text are serialised: as that text.

use serde::Serializer;
use splitplane_semantics::Mask;
use std::fmt::Display;

pub(crate) fn display<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

pub(crate) fn mask<S: Serializer>(mask: &Mask, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&crate::columns::mask_text(mask))
}

pub(crate) fn displays<T: Display, S: Serializer>(values: &[T], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(ToString::to_string))
}
