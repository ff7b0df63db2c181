//! The one door from a text to a [`ProvedNarrative`].

use crate::claims;
use crate::error::{Claim, Ungrounded};
use crate::facts::Facts;
use crate::lexer::{self, Kind, Token};
use crate::lexicon::Lexicon;
use crate::roles::ColumnRole;
use crate::sentence::Story;
use crate::template::with_cut;
use crate::time;
use splitplane_types::Table;
use std::fmt;

/// The longest narrative, in bytes.
pub const NARRATIVE_BYTES_MAX: usize = 8_192;

/// What is known of a result besides its cells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// First and last day of the period, both included, as ISO dates.
    pub period: Option<(String, String)>,
    /// First and last day of the period that it is compared with.
    pub compared: Option<(String, String)>,
    /// What each column is; where there are not as many as columns, every number is a metric. See
    /// [`ColumnRole::of_columns`].
    pub roles: Vec<ColumnRole>,
    /// Rows of the whole result; more than the table has when the table was cut.
    pub row_count: usize,
    /// Whether the interpretation asked for a number of rows only ("top 5"), so that others may exist.
    pub limited: bool,
    /// What those rows are the first by.
    pub ranked: Option<Ranking>,
    /// Whether the cells of a column may be added up: not so for averages, ratios and distinct counts.
    pub additive: bool,
    /// Phrases that need no proof: labels of metrics and dimensions, the period as asked. They come
    /// from the semantic model and the question's interpretation, never from a language model.
    pub allowed: Vec<String>,
    /// Values that the question chose rows by. They may be named, and claim nothing; what was left out does
    /// not belong here.
    pub chosen: Vec<String>,
}

/// An order that rows were asked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ranking {
    /// Position of the column.
    pub column: usize,
    /// Largest first.
    pub descending: bool,
}

/// A narrative in which every claim is proved by the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvedNarrative(String);

impl ProvedNarrative {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Only for [`crate::template`], which makes its text of cells and counts alone.
    pub(crate) const fn from_cells(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for ProvedNarrative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Proves every figure, date, rank, direction and name of `narrative` against `table`. Where the table is
/// cut, the text is given a sentence that says so.
///
/// # Errors
/// The first claim that the cells do not prove; the narrative is then to be dropped whole.
pub fn prove(narrative: &str, table: &Table, context: &Context) -> Result<ProvedNarrative, Ungrounded> {
    if narrative.len() > NARRATIVE_BYTES_MAX || narrative.trim().is_empty() {
        return Err(Ungrounded::new(Claim::Text, 0));
    }
    let facts = Facts::of(table, context);
    let tokens = lexer::read(narrative, &Lexicon::of(&facts))?;
    let tokens = time::resolve(&tokens, &facts)?;
    let mut story = Story::default();
    for sentence in tokens.split(|token: &Token| token.kind == Kind::End) {
        story = claims::prove(sentence, &facts, &story)?;
    }
    Ok(ProvedNarrative(with_cut(narrative.to_owned(), table, context)))
}
