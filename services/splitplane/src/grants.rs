//! Which combinations of tenant, business and admin the grants of a warehouse name.
//!
//! Read for a development registry and its profiles only. Whose rows a caller sees is decided by the
//! query service, from its own reading at every question; nothing here reaches it.

use arrow::array::{ArrayRef, AsArray as _, RecordBatch};
use arrow::compute::cast;
use arrow::csv::ReaderBuilder;
use arrow::csv::reader::Format;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;
use splitplane_semantics::{Policy, SemanticModel};
use splitplane_types::{CompositeKey, InvalidId};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Seek as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why the combinations cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum GrantsError {
    /// The policy's grants are not in the data folder.
    #[error("the grants `{name}` are not in `{}`: it must hold {name}.parquet, {name}/ or {name}.csv", data.display())]
    Missing {
        /// The source.
        name: String,
        /// The data folder.
        data: PathBuf,
    },
    /// The file has no such column.
    #[error("`{}` has no column `{column}`, which the policy names as identity", path.display())]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
    },
    /// The file cannot be opened.
    #[error("cannot read `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is not Parquet.
    #[error("`{}` is not a Parquet file that can be read", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: ParquetError,
    },
    /// The file's rows cannot be read.
    #[error("the rows of `{}` cannot be read", path.display())]
    Rows {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: ArrowError,
    },
    /// A value is no id.
    #[error("`{}` holds `{text}` in its identity columns", path.display())]
    Id {
        /// The file.
        path: PathBuf,
        /// The value.
        text: String,
        /// Why.
        #[source]
        source: InvalidId,
    },
}

/// Every combination that the grants name, sorted.
///
/// # Errors
/// See [`GrantsError`]. Rows with an empty identity name nobody and are passed over.
pub fn combinations(
    data: &Path,
    model: &SemanticModel,
    policy: &Policy,
) -> Result<BTreeSet<CompositeKey>, GrantsError> {
    let grants = &policy.grants;
    let source =
        model.dataset(&grants.dataset).map_or(grants.dataset.as_str(), |dataset| dataset.source.as_str());
    let identity = [grants.tenant.as_str(), grants.business.as_str(), grants.admin.as_str()];
    let mut found = BTreeSet::new();
    for path in files(data, source)? {
        let is_csv = path.extension().is_some_and(|extension| extension == "csv");
        let batches = if is_csv { read_csv(&path) } else { read_parquet(&path, identity) }?;
        for batch in batches {
            add(&batch, &path, identity, &mut found)?;
        }
    }
    Ok(found)
}

/// The files of a source, looked for in the engine's order.
fn files(data: &Path, source: &str) -> Result<Vec<PathBuf>, GrantsError> {
    let (parquet, folder) = (data.join(format!("{source}.parquet")), data.join(source));
    let csv = data.join(format!("{source}.csv"));
    let mut found = Vec::new();
    if parquet.is_file() {
        found.push(parquet);
    } else if folder.is_dir() {
        collect(&folder, &mut found).map_err(|source| GrantsError::Io { path: folder, source })?;
    } else if csv.is_file() {
        found.push(csv);
    }
    if found.is_empty() {
        return Err(GrantsError::Missing { name: source.to_owned(), data: data.to_owned() });
    }
    Ok(found)
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in folder.read_dir()? {
        let path = entry?.path();
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(['_', '.']));
        if is_hidden {
            continue;
        }
        if path.is_dir() {
            collect(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "parquet") {
            found.push(path);
        }
    }
    Ok(())
}

fn open(path: &Path) -> Result<File, GrantsError> {
    File::open(path).map_err(|source| GrantsError::Io { path: path.to_owned(), source })
}

fn read_parquet(path: &Path, identity: [&str; 3]) -> Result<Vec<RecordBatch>, GrantsError> {
    let failed = |source| GrantsError::Parquet { path: path.to_owned(), source };
    let reader = ParquetRecordBatchReaderBuilder::try_new(open(path)?).map_err(failed)?;
    let mask = ProjectionMask::columns(reader.parquet_schema(), identity);
    let batches = reader.with_projection(mask).build().map_err(failed)?;
    batches.collect::<Result<_, _>>().map_err(|source| GrantsError::Rows { path: path.to_owned(), source })
}

fn read_csv(path: &Path) -> Result<Vec<RecordBatch>, GrantsError> {
    let failed = |source| GrantsError::Rows { path: path.to_owned(), source };
    let mut file = open(path)?;
    let format = Format::default().with_header(true);
    let (header, _) = format.infer_schema(&mut file, Some(0)).map_err(failed)?;
    file.rewind().map_err(|source| GrantsError::Io { path: path.to_owned(), source })?;
    // Text in every column, as the engine reads it: `007` is not 7.
    let text = |field: &Arc<Field>| Field::new(field.name(), DataType::Utf8, true);
    let schema = Schema::new(header.fields().iter().map(text).collect::<Vec<_>>());
    let batches = ReaderBuilder::new(Arc::new(schema)).with_format(format).build(file).map_err(failed)?;
    batches.collect::<Result<_, _>>().map_err(failed)
}

fn add(
    batch: &RecordBatch,
    path: &Path,
    identity: [&str; 3],
    found: &mut BTreeSet<CompositeKey>,
) -> Result<(), GrantsError> {
    let column = |name: &str| text_column(batch, path, name);
    let [tenants, businesses, admins] = identity;
    let (tenants, businesses, admins) = (column(tenants)?, column(businesses)?, column(admins)?);
    let (tenants, businesses) = (tenants.as_string::<i32>(), businesses.as_string::<i32>());
    let rows = tenants.iter().zip(businesses.iter()).zip(admins.as_string::<i32>().iter());
    for ((tenant, business), admin) in rows {
        let (Some(tenant), Some(business), Some(admin)) = (tenant, business, admin) else { continue };
        if tenant.is_empty() || business.is_empty() || admin.is_empty() {
            continue;
        }
        let key = CompositeKey::new(id(path, tenant)?, id(path, business)?, id(path, admin)?);
        found.insert(key);
    }
    Ok(())
}

fn text_column(batch: &RecordBatch, path: &Path, name: &str) -> Result<ArrayRef, GrantsError> {
    // A partitioned folder keeps a column in its folders' names.
    let Some(column) = batch.column_by_name(name) else {
        return partition(batch, path, name)
            .ok_or_else(|| GrantsError::NoColumn { path: path.to_owned(), column: name.to_owned() });
    };
    cast(column, &DataType::Utf8).map_err(|source| GrantsError::Rows { path: path.to_owned(), source })
}

fn partition(batch: &RecordBatch, path: &Path, name: &str) -> Option<ArrayRef> {
    let value = path.components().rev().find_map(|part| {
        let (key, value) = part.as_os_str().to_str()?.split_once('=')?;
        (key == name).then(|| value.to_owned())
    })?;
    let repeated = arrow::array::StringArray::from_iter_values(std::iter::repeat_n(value, batch.num_rows()));
    Some(Arc::new(repeated))
}

fn id<T: std::str::FromStr<Err = InvalidId>>(path: &Path, text: &str) -> Result<T, GrantsError> {
    text.parse().map_err(|source| GrantsError::Id { path: path.to_owned(), text: text.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use splitplane_semantics::{parse_model, parse_policy};

    const MODEL: &str = r#"
version: "0.2.0.dev0"
semantic_model:
  - name: library
    datasets:
      - name: loans
        source: main.loans
        primary_key: [loan_id]
        fields:
          - { name: loan_id, datatype: String, expression: { dialects: [ { dialect: ANSI_SQL, expression: loan_id } ] } }
          - { name: t, datatype: String, expression: { dialects: [ { dialect: ANSI_SQL, expression: t } ] } }
          - { name: b, datatype: String, expression: { dialects: [ { dialect: ANSI_SQL, expression: b } ] } }
          - { name: branch, datatype: String, expression: { dialects: [ { dialect: ANSI_SQL, expression: branch } ] } }
      - name: keys
        source: main.grants_of_admins
        primary_key: [t, b, a]
        fields:
          - { name: t, datatype: String, expression: { dialects: [ { dialect: ANSI_SQL, expression: t } ] } }
          - { name: b, datatype: String, expression: { dialects: [ { dialect: ANSI_SQL, expression: b } ] } }
          - { name: a, datatype: String, expression: { dialects: [ { dialect: ANSI_SQL, expression: a } ] } }
          - { name: branch, datatype: String, expression: { dialects: [ { dialect: ANSI_SQL, expression: branch } ] } }
    metrics:
      - name: number_of_loans
        expression: { dialects: [ { dialect: ANSI_SQL, expression: "COUNT(loans.loan_id)" } ] }
"#;
    const POLICY: &str = r#"
version: 1
model: library
calendar: { timezone: UTC, week_starts: monday, fiscal_year_starts: "01-01", fiscal_year_named_by: start }
grants: { dataset: keys, identity: { tenant: t, business: b, admin: a }, yields: { branch: branch } }
datasets:
  loans: { scope: { tenant: t, business: b, branch: branch } }
limits: { rows: 10000, bytes: 16MiB, seconds: 30, memory: 512MiB, concurrent_per_tenant: 4 }
"#;

    fn read(data: &Path) -> Result<Vec<String>, GrantsError> {
        let model = parse_model("model.yaml", MODEL).unwrap();
        let policy = parse_policy("policy.yaml", POLICY, &model).unwrap();
        combinations(data, &model, &policy).map(|found| found.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn each_combination_is_found_once_and_ids_stay_text() {
        let data = tempfile::tempdir().unwrap();
        let csv = "branch,a,b,t\n1,ann,x,007\n2,ann,x,007\n1,bob,x,007\n1,ann,x,8\n1,,x,8\n";
        std::fs::write(data.path().join("grants_of_admins.csv"), csv).unwrap();
        assert_eq!(read(data.path()).unwrap(), ["007/x/ann", "007/x/bob", "8/x/ann"]);
    }

    #[test]
    fn what_is_missing_or_no_id_is_named() {
        let data = tempfile::tempdir().unwrap();
        let file = data.path().join("grants_of_admins.csv");
        let message = |text: &str| {
            std::fs::write(&file, text).unwrap();
            read(data.path()).unwrap_err().to_string()
        };
        assert!(message("branch,a,b\n1,ann,x\n").contains("no column `t`"));
        assert!(message("branch,a,b,t\n1,an n,x,8\n").contains("`an n`"));
        std::fs::remove_file(&file).unwrap();
        assert!(read(data.path()).unwrap_err().to_string().contains("grants_of_admins.parquet"));
    }
}
