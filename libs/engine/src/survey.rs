//! Reads columns of all rows of a source, everybody's: for whoever answers for the policy, never for a question.
//!
//! Decides that values are told in the spelling in which scopes compare them, so that two are the same text exactly where
//! a scope takes one for the other. No scope is applied here: what is done with the rows is its caller's to answer for.

use crate::error::AnyError;
use crate::files::OpenFile;
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
use std::ops::ControlFlow;

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
        visit: &mut dyn FnMut(Vec<SurveyColumn>, usize) -> ControlFlow<()>,
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
            let told = survey_columns(&batch, source)?;
            if visit(told, rows).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Which of some columns cannot be compared as keys in every file of a source, as a scope compares them: each
    /// file has to hold the column under this very name, in a type of keys. `together` are columns whose values are
    /// brought together from all files, and so have to be of one kind in all of them.
    ///
    /// # Errors
    /// [`EngineError::Warehouse`] when the source is missing or a file cannot be read.
    pub fn key_misfits(
        &self,
        source: &str,
        columns: &[String],
        together: bool,
    ) -> Result<Vec<(String, KeyMisfit)>, EngineError> {
        let mut files = Vec::new();
        for file in self.files(source)? {
            files.push(OpenFile::open(self.store(), &file).map_err(|cause| of_source(source, cause))?);
        }
        let misfit = |column: &String| {
            let mut kind = None;
            for file in &files {
                let Some(held) = file.data_type(column) else { return Some(KeyMisfit::Missing) };
                let Some(family) = family(held) else { return Some(KeyMisfit::Type(held.to_string())) };
                if together && kind.replace(family.clone()).is_some_and(|known| known != family) {
                    return Some(KeyMisfit::Mixed);
                }
            }
            None
        };
        Ok(columns.iter().filter_map(|column| Some((column.clone(), misfit(column)?))).collect())
    }
}

/// Why a column cannot be compared as a key. A sandbox whose scope needs it cannot be built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyMisfit {
    /// A file lacks it, or spells it otherwise.
    Missing,
    /// It holds values that are no keys.
    Type(String),
    /// It holds text in one file, and numbers or dates in another.
    Mixed,
}

/// The columns of a batch of a source, each value in the spelling in which scopes compare it.
///
/// # Errors
/// [`EngineError::Warehouse`] for a column that has no spelling.
pub fn survey_columns(batch: &RecordBatch, source: &str) -> Result<Vec<SurveyColumn>, EngineError> {
    let told = |column: &ArrayRef| coded(&spelled(column)?);
    batch.columns().iter().map(told).collect::<Result<_, _>>().map_err(|cause| of_source(source, cause))
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
            ControlFlow::Continue(())
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
            let error = warehouse.survey(source, &[column.to_owned()], &mut |_, _| ControlFlow::Continue(()));
            assert!(error.is_err(), "{source}.{column}");
        }
    }

    #[test]
    fn a_survey_ends_when_its_caller_has_seen_enough() {
        let folder = folder();
        csv(folder.path(), "loans.csv", &format!("tenant\n{}", "t1\n".repeat(20_000)));
        let warehouse = Warehouse::open(folder.path()).unwrap();
        let mut seen = 0;
        let mut visit = |_, rows: usize| {
            seen += rows;
            ControlFlow::Break(())
        };
        warehouse.survey("loans", &["tenant".to_owned()], &mut visit).unwrap();
        assert!(seen > 0 && seen < 20_000, "{seen}");
    }

    #[test]
    fn whole_decimals_are_spelled_as_scopes_compare_them() {
        use arrow::array::{ArrayRef, Decimal128Array, RecordBatch};
        use std::sync::Arc;
        let folder = folder();
        let large = i128::from(i64::MAX) + 1;
        let numbers = Decimal128Array::from(vec![7, large]).with_precision_and_scale(38, 0).unwrap();
        let columns: Vec<(&str, ArrayRef)> = vec![("number", Arc::new(numbers))];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let file = std::fs::File::create(folder.path().join("loans.parquet")).unwrap();
        let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let warehouse = Warehouse::open(folder.path()).unwrap();
        // What is larger than any key is in no scope.
        let expected = [vec![Some("7".to_owned())], vec![None]];
        assert_eq!(rows(&warehouse, "loans", &["number"]), expected);
    }

    #[test]
    fn keys_that_no_scope_can_compare_are_told() {
        use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
        use std::sync::Arc;
        let folder = folder();
        let write = |name: &str, columns: Vec<(&str, ArrayRef)>| {
            std::fs::create_dir_all(folder.path().join("loans")).unwrap();
            let batch = RecordBatch::try_from_iter(columns).unwrap();
            let file = std::fs::File::create(folder.path().join("loans").join(name)).unwrap();
            let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
        };
        let text = || -> ArrayRef { Arc::new(StringArray::from(vec!["1"])) };
        let number = || -> ArrayRef { Arc::new(Int64Array::from(vec![1])) };
        let float = || -> ArrayRef { Arc::new(Float64Array::from(vec![1.0])) };
        write("a.parquet", vec![("tenant", text()), ("place", text()), ("size", float()), ("id", number())]);
        write("b.parquet", vec![("tenant", text()), ("Place", text()), ("size", float()), ("id", text())]);
        let warehouse = Warehouse::open(folder.path()).unwrap();
        let columns = ["tenant", "place", "size", "id"].map(str::to_owned);
        let misfits = |together| warehouse.key_misfits("loans", &columns, together).unwrap();
        let expected = [
            ("place".to_owned(), KeyMisfit::Missing),
            ("size".to_owned(), KeyMisfit::Type("Float64".to_owned())),
            ("id".to_owned(), KeyMisfit::Mixed),
        ];
        assert_eq!(misfits(true), expected);
        assert_eq!(misfits(false), expected[..2]);
    }
}
