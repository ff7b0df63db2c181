//! Numbers that can be trusted: a narrative leaves only when the result proves it.
//!
//! Decides whether every figure, percentage, rank, date, direction word and name of a text is a cell
//! of the result or an allowed function of its cells: a difference, a ratio, a share, a sum, a mean, and
//! rounding as shown. Does not decide whether the result is right.
//!
//! - **G-1** A [`ProvedNarrative`] exists only as the result of [`prove`] or [`template`].
//! - **G-2** What cannot be checked is unproved: a word that is not known to claim nothing, an unknown
//!   sign, a foreign digit, a figure whose row is not plain, a direction without two sides.
//! - **G-3** A figure counts only as what its sentence tells it as: for the row, the metric, the period and
//!   the kind of value (amount, change, share, total, mean, extreme) that the words say. A figure that is
//!   true as something else is refused.
//! - **G-4** A name that stands in a sentence of claims and takes part in none is unproved.
//! - **G-5** A cell is a name, whatever it says: it may be quoted, and proves no figure and no word.
//!
//! Causes, advice and forecasts have words that no list holds, and are refused with them. What a refused
//! narrative would have said, the template says in its own words.

mod claims;
mod dates;
mod display;
mod error;
mod facts;
mod figure;
mod lexer;
mod lexicon;
mod measure;
mod number;
mod numerals;
mod prove;
mod quantity;
mod roles;
mod sentence;
mod template;
mod time;
mod vocabulary;
mod words;

pub use display::display_cell;
pub use error::{Claim, Ungrounded};
pub use prove::{Context, NARRATIVE_BYTES_MAX, ProvedNarrative, Ranking, prove};
pub use roles::ColumnRole;
pub use template::template;
