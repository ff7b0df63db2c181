//! Numbers that can be trusted: a narrative leaves only when the result proves it.
//!
//! Decides whether every figure, percentage, rank, date, direction word and name of a text is a cell
//! of the result or an allowed function of its cells. Does not decide whether the result is right,
//! and does not judge causes: "because it rained" holds no figure and is the reader's to weigh.
//!
//! - **G-1** A [`ProvedNarrative`] exists only as the result of [`prove`] or [`template`].
//! - **G-2** What cannot be checked is unproved: an unknown sign, a foreign digit, a figure whose row
//!   is not named, a direction word without a pair to check it on.
//! - **G-3** A figure counts only for the row that its sentence names, so a true figure beside the
//!   wrong name is refused.

mod claims;
mod dates;
mod display;
mod error;
mod facts;
mod figure;
mod lexer;
mod lexicon;
mod number;
mod prove;
mod sentence;
mod template;
mod words;

pub use display::display_cell;
pub use error::{Claim, Ungrounded};
pub use prove::{Context, NARRATIVE_BYTES_MAX, ProvedNarrative, prove};
pub use template::template;
