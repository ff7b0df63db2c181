//! Reads columns of all rows of a source, everybody's: for whoever answers for the policy, never for a question.
//!
//! Decides that values are told in the spelling in which scopes compare them, so that two are the same text exactly where
//! a scope takes one for the other. No scope is applied here: what is done with the rows is its caller's to answer for.

use crate::error::AnyError;
use crate::interrupt::Interrupt;
use crate::pushed::Tests;
use crate::rows::Wanted;
use crate::scope::{Keys, comparable, family};
use crate::source::{SourceRows, of_source, open_files};
use crate::{EngineError, Warehouse};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::DataType;
use splitplane_split_plane::RowScope;
use std::collections::HashMap;

/// A column of some rows, as texts, each of which is told once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyColumn {
    /// Texts.
    pub values: Vec<String>,
    /// For each row the position of its text; `None` is NULL.
    pub codes: Vec<Option<u32>>,
}

impl Warehouse {
    /// Shows `visit` all rows of a source, some at a time, in some columns of its files.
    ///
    /// A column that one of the files lacks is NULL in its rows.
    ///
    /// # Errors
    /// [`EngineError::Warehouse`] when the source or a column is missing, or a file cannot be read.
    pub fn survey(
        &self,
        source: &str,
        columns: &[String],
        visit: &mut dyn FnMut(Vec<SurveyColumn>, usize),
    ) -> Result<(), EngineError> {
        let everyone = RowScope::Public { reason: String::from("a survey") };
        let meter = self.meter();
        let files = open_files(self, source, &everyone, &meter)?;
        if files.is_empty() {
            return Err(EngineError::warehouse(source, "no such source"));
        }
        for column in columns {
            let mut held = false;
            for file in &files {
                held |= file.find(column).map_err(|cause| of_source(source, cause))?.is_some();
            }
            if !held {
                return Err(EngineError::warehouse(source, format!("no file has a column `{column}`")));
            }
        }
        let wanted = Wanted {
            columns: columns.iter().map(|column| (column.clone(), DataType::Utf8)).collect(),
            tests: Tests::default(),
            interrupt: Interrupt::current(),
            meter,
        };
        for batch in SourceRows::new(source, files, Keys::new(Vec::new()), wanted) {
            let batch = batch?;
            let rows = batch.num_rows();
            visit(told(&batch).map_err(|cause| of_source(source, cause))?, rows);
        }
        Ok(())
    }
}

fn told(batch: &RecordBatch) -> Result<Vec<SurveyColumn>, AnyError> {
    batch.columns().iter().map(|column| coded(&spelled(column)?)).collect()
}

/// The spelling of each value; what is no key of any scope is spelled as it prints.
fn spelled(array: &ArrayRef) -> Result<ArrayRef, AnyError> {
    let compared = if family(array.data_type()).is_some() { comparable(array)? } else { array.clone() };
    Ok(cast_with_options(&compared, &DataType::Utf8, &CastOptions::default())?)
}

fn coded(texts: &ArrayRef) -> Result<SurveyColumn, AnyError> {
    let texts = texts.as_string_opt::<i32>().ok_or("a column has no spelling")?;
    let mut known: HashMap<&str, u32> = HashMap::new();
    let mut values: Vec<String> = Vec::new();
    let mut codes: Vec<Option<u32>> = Vec::with_capacity(texts.len());
    let mut last: Option<(&str, u32)> = None;
    for text in texts {
        let Some(text) = text else {
            codes.push(None);
            continue;
        };
        // Rows that lie together often belong together.
        let code = match last {
            Some((same, code)) if same == text => code,
            _ => match known.get(text) {
                Some(code) => *code,
                None => {
                    let code = u32::try_from(values.len())?;
                    values.push(text.to_owned());
                    known.insert(text, code);
                    code
                }
            },
        };
        last = Some((text, code));
        codes.push(Some(code));
    }
    Ok(SurveyColumn { values, codes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::fixture::{csv, folder};

    fn rows(warehouse: &Warehouse, source: &str, columns: &[&str]) -> Vec<Vec<Option<String>>> {
        let columns: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
        let mut all = Vec::new();
        let mut visit = |columns: Vec<SurveyColumn>, rows: usize| {
            for row in 0..rows {
                let text = |column: &SurveyColumn| {
                    let code = column.codes[row]?;
                    Some(column.values[usize::try_from(code).unwrap()].clone())
                };
                all.push(columns.iter().map(text).collect());
            }
        };
        warehouse.survey(source, &columns, &mut visit).unwrap();
        all
    }

    #[test]
    fn all_rows_are_shown_in_the_spelling_in_which_scopes_compare() {
        let folder = folder();
        let root = folder.path();
        csv(root, "loans.csv", "tenant,place,n\nt1,01,5\nt2,1,\nt1,01,7\n");
        std::fs::create_dir_all(root.join("parts/tenant=t%2F1")).unwrap();
        csv(&root.join("parts/tenant=t%2F1"), "a.csv", "place\n9\n");
        let warehouse = Warehouse::open(root).unwrap();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            rows(&warehouse, "loans", &["place", "tenant", "n"]),
            [
                vec![some("01"), some("t1"), some("5")],
                vec![some("1"), some("t2"), None],
                vec![some("01"), some("t1"), some("7")],
            ]
        );
        assert_eq!(rows(&warehouse, "parts", &["tenant", "place"]), [vec![some("t/1"), some("9")]]);
        assert_eq!(rows(&warehouse, "loans", &[]).len(), 3);
    }

    #[test]
    fn a_source_or_column_that_is_not_there_is_an_error() {
        let folder = folder();
        csv(folder.path(), "loans.csv", "tenant\nt1\n");
        let warehouse = Warehouse::open(folder.path()).unwrap();
        for (source, column) in [("loans", "tenants"), ("fines", "tenant"), ("../loans", "tenant")] {
            let error = warehouse.survey(source, &[column.to_owned()], &mut |_, _| {});
            assert!(error.is_err(), "{source}.{column}");
        }
    }
}
