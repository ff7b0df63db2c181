//! Rows as the lab reads them: columns of canonical texts, batch by batch, each with a dictionary of its own.
//!
//! Decides what a well-formed batch is. Where rows come from is for whoever implements [`Rows`].

use std::collections::HashMap;

/// Rows of the warehouse, read without an engine.
pub trait Rows {
    /// Why rows were not read.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Reads every row of a source once, in batches that hold exactly `columns`, in that order.
    ///
    /// A value is its one canonical text, as an engine would spell it; NULL is no text. Without any column, batches
    /// still say how many rows there are.
    ///
    /// # Errors
    /// The source or a column is not there, or cannot be read.
    fn scan(
        &self,
        source: &str,
        columns: &[String],
        visit: &mut dyn FnMut(&Batch),
    ) -> Result<(), Self::Error>;
}

/// Why a batch or a column was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// A code that stands for no text.
    #[error("a code of the column is not in its dictionary")]
    Code,
    /// Columns of another length than the batch.
    #[error("a column has {found} rows in a batch of {expected}")]
    Length {
        /// Rows of the batch.
        expected: usize,
        /// Rows of the column.
        found: usize,
    },
    /// More distinct texts than codes can tell apart.
    #[error("the column has too many distinct texts for one batch")]
    TooMany,
}

/// A column of a batch: distinct texts, and for every row which of them it holds; `None` is NULL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextColumn {
    values: Vec<String>,
    codes: Vec<Option<u32>>,
}

impl TextColumn {
    /// Puts a dictionary and codes together.
    ///
    /// # Errors
    /// [`BatchError::Code`].
    pub fn new(values: Vec<String>, codes: Vec<Option<u32>>) -> Result<Self, BatchError> {
        let known = |code: &u32| usize::try_from(*code).is_ok_and(|code| code < values.len());
        if codes.iter().flatten().all(known) { Ok(Self { values, codes }) } else { Err(BatchError::Code) }
    }

    /// Makes the dictionary of these texts.
    ///
    /// # Errors
    /// [`BatchError::TooMany`].
    pub fn of<'a>(texts: impl IntoIterator<Item = Option<&'a str>>) -> Result<Self, BatchError> {
        let mut values: Vec<String> = Vec::new();
        let mut known: HashMap<&'a str, u32> = HashMap::new();
        let mut codes = Vec::new();
        for text in texts {
            let Some(text) = text else {
                codes.push(None);
                continue;
            };
            if let Some(code) = known.get(text) {
                codes.push(Some(*code));
                continue;
            }
            let code = u32::try_from(values.len()).or(Err(BatchError::TooMany))?;
            values.push(text.to_owned());
            known.insert(text, code);
            codes.push(Some(code));
        }
        Ok(Self { values, codes })
    }

    /// The dictionary.
    #[must_use]
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// For every row, its place in the dictionary.
    #[must_use]
    pub fn codes(&self) -> &[Option<u32>] {
        &self.codes
    }

    /// The text of a row; `None` is NULL, or no such row.
    #[must_use]
    pub fn text(&self, row: usize) -> Option<&str> {
        let code = self.codes.get(row).copied().flatten()?;
        self.values.get(usize::try_from(code).ok()?).map(String::as_str)
    }
}

/// Some rows of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    columns: Vec<TextColumn>,
    rows: usize,
}

impl Batch {
    /// Puts columns together; `rows` says how many rows there are even where there is no column.
    ///
    /// # Errors
    /// [`BatchError::Length`].
    pub fn new(columns: Vec<TextColumn>, rows: usize) -> Result<Self, BatchError> {
        match columns.iter().map(|column| column.codes.len()).find(|found| *found != rows) {
            Some(found) => Err(BatchError::Length { expected: rows, found }),
            None => Ok(Self { columns, rows }),
        }
    }

    /// The columns, in the order in which they were asked for.
    #[must_use]
    pub fn columns(&self) -> &[TextColumn] {
        &self.columns
    }

    /// How many rows there are.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_has_no_code_without_a_text_and_a_batch_no_column_of_another_length() {
        let texts = vec!["a".to_owned()];
        assert_eq!(TextColumn::new(texts.clone(), vec![Some(1)]), Err(BatchError::Code));
        let column = TextColumn::new(texts, vec![Some(0), None]).unwrap();
        assert_eq!((column.text(0), column.text(1), column.text(2)), (Some("a"), None, None));
        let length = BatchError::Length { expected: 3, found: 2 };
        assert_eq!(Batch::new(vec![column.clone()], 3), Err(length));
        assert_eq!(Batch::new(vec![column], 2).unwrap().rows(), 2);
        assert_eq!(Batch::new(Vec::new(), 7).unwrap().rows(), 7);
    }

    #[test]
    fn a_dictionary_holds_every_text_once_and_keeps_null_apart_from_the_empty_text() {
        let column = TextColumn::of([Some("b"), None, Some(""), Some("b")]).unwrap();
        assert_eq!(column.values(), ["b", ""]);
        assert_eq!(column.codes(), [Some(0), None, Some(1), Some(0)]);
    }
}
