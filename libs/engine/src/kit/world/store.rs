//! Files of a world. The caller's rows come in the same order in both copies; where files end, and which
//! there are, is another matter in each.

use super::keys::Admin;
use super::keys::{Key, Site};
use super::layout::{self, Row};
use super::plane::{ColumnSpec, GRANTS, Origin, RelationSpec, relations};
use super::rows::{PUBLIC_ROWS, SECRET, Value, cell};
use super::{Copy, Storage, World};
use crate::error::AnyError;
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array,
    RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::DataType as Arrow;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use splitplane_types::DataType;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

const HIVE_NULL: &str = "__HIVE_DEFAULT_PARTITION__";
const ROW_GROUP_ROWS: usize = 20_000;

pub(super) fn write(world: &World, folder: &Path, copy: Copy) -> Result<(), AnyError> {
    std::fs::create_dir_all(folder)?;
    for relation in relations() {
        let rows = if relation.name == "varieties" {
            (0..PUBLIC_ROWS).map(Row::Own).collect()
        } else {
            layout::rows(world, relation.parts, relation.may_be_large, copy)
        };
        let source = Source { world, relation, folder, copy };
        match world.storage {
            Storage::File => source.parquet(&folder.join(format!("{}.parquet", relation.name)), &rows)?,
            Storage::Csv => source.csv(&rows)?,
            Storage::Hive if relation.keyed => source.hive(&rows)?,
            Storage::Folder | Storage::Hive => source.folder(&folder.join(relation.name), &rows)?,
        }
    }
    write_grants(world, folder, copy)
}

/// Where a source of a written copy lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The source.
    pub source: &'static str,
    /// File or folder, within the copy's.
    pub name: String,
    /// Whether it is a CSV file.
    pub is_csv: bool,
    /// Columns that folders' names hold, outermost first.
    pub partitions: &'static [&'static str],
}

pub(super) fn stored(world: &World) -> Vec<Stored> {
    let place = |relation: &RelationSpec| {
        let source = relation.name;
        let file = |ending: &str| Stored {
            source,
            name: format!("{source}{ending}"),
            is_csv: ending == ".csv",
            partitions: &[],
        };
        match world.storage {
            Storage::File => file(".parquet"),
            Storage::Csv => file(".csv"),
            Storage::Hive if relation.keyed => Stored { partitions: world.hive_keys(), ..file("") },
            Storage::Folder | Storage::Hive => file(""),
        }
    };
    let grants = Stored { source: GRANTS, name: format!("{GRANTS}.parquet"), is_csv: false, partitions: &[] };
    relations().iter().map(place).chain([grants]).collect()
}

/// One relation of a copy.
struct Source<'w> {
    world: &'w World,
    relation: &'w RelationSpec,
    folder: &'w Path,
    copy: Copy,
}

impl Source<'_> {
    /// Names and types of what a file holds.
    fn columns(&self) -> Vec<(&'static str, DataType)> {
        let physical = |column: &&ColumnSpec| matches!(column.origin, Origin::Physical);
        let own = self.relation.columns.iter().filter(physical);
        let own = own.map(|column| (column.name, self.world.data_type(column)));
        let keys = [("coop", DataType::String), ("house", DataType::String)];
        keys.into_iter().filter(|_| self.relation.keyed).chain(own).collect()
    }

    fn batch(&self, rows: &[Row], without: &[&str]) -> Result<RecordBatch, AnyError> {
        let mut columns = Vec::new();
        for (name, data_type) in self.columns() {
            if !without.contains(&name) {
                let values: Vec<Value> =
                    rows.iter().map(|row| cell(self.world, self.relation.name, name, *row)).collect();
                columns.push((name, array(data_type, &values)?));
            }
        }
        Ok(RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, array)| (name, array, true)),
        )?)
    }

    fn parquet(&self, path: &Path, rows: &[Row]) -> Result<(), AnyError> {
        write_groups(path, &self.batch(rows, &[])?, self.world.row_group_rows)
    }

    /// Cut into another number of files in each copy: where a file ends is nobody's to tell from.
    fn folder(&self, folder: &Path, rows: &[Row]) -> Result<(), AnyError> {
        std::fs::create_dir_all(folder)?;
        let (whole, alone) = self.world.files;
        let files = if self.copy == Copy::Whole { whole } else { alone };
        let length = rows.len().div_ceil(files.max(1)).max(1);
        // The caller's own file is there even when no row of theirs is.
        let chunks = if rows.is_empty() { vec![rows] } else { rows.chunks(length).collect() };
        for (number, chunk) in chunks.into_iter().enumerate() {
            self.parquet(&folder.join(format!("part-{number:03}.parquet")), chunk)?;
        }
        Ok(())
    }

    fn hive(&self, rows: &[Row]) -> Result<(), AnyError> {
        let keys = self.world.hive_keys();
        let root = self.folder.join(self.relation.name);
        let mut folders: BTreeMap<String, (bool, Vec<Row>)> = BTreeMap::new();
        let name_of = |row: Row| -> String {
            let value = |key: &&str| hive_part(key, &cell(self.world, self.relation.name, key, row));
            keys.iter().map(value).collect::<Vec<_>>().join("/")
        };
        // The caller's own folder is there even when no row of theirs is.
        folders.insert(name_of(Row::Own(0)), (true, Vec::new()));
        for row in rows {
            let entry = folders.entry(name_of(*row)).or_default();
            entry.0 |= matches!(row, Row::Own(_));
            entry.1.push(*row);
        }
        for (name, (is_own, rows)) in &folders {
            let folder = root.join(name);
            std::fs::create_dir_all(&folder)?;
            let mut batch = self.batch(rows, keys)?;
            // Tenants in folders of their own may have let their types drift.
            if !is_own && self.world.drift {
                batch = drifted(&batch)?;
            }
            write_groups(&folder.join("data.parquet"), &batch, self.world.row_group_rows)?;
        }
        Ok(())
    }

    fn csv(&self, rows: &[Row]) -> Result<(), AnyError> {
        let batch = self.batch(rows, &[])?;
        let is_key = |name: &str| ["coop", "house", "site", "id", "harvest", "basket"].contains(&name);
        let mut columns = Vec::new();
        for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
            let texts = cast(column, &Arrow::Utf8)?;
            let spoilt = self.world.drift && !is_key(field.name());
            columns.push((field.name().clone(), if spoilt { self.spoilt(&texts, rows) } else { texts }));
        }
        let batch = RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, array)| (name, array, true)),
        )?;
        let file = File::create(self.folder.join(format!("{}.csv", self.relation.name)))?;
        let mut writer = arrow::csv::WriterBuilder::new().with_header(true).build(file);
        writer.write(&batch)?;
        Ok(())
    }

    /// Text where the model has numbers and dates, in others' rows.
    fn spoilt(&self, texts: &ArrayRef, rows: &[Row]) -> ArrayRef {
        let texts = texts.as_string::<i32>();
        let cell = |(text, row): (Option<&str>, &Row)| match row {
            Row::Foreign(number) if number.is_multiple_of(3) && self.relation.name != "varieties" => {
                Some(format!("{SECRET}-{number}"))
            }
            Row::Foreign(_) | Row::Own(_) => text.map(str::to_owned),
        };
        Arc::new(texts.iter().zip(rows).map(cell).collect::<StringArray>())
    }
}

impl World {
    /// Keys after which folders are named.
    const fn hive_keys(&self) -> &'static [&'static str] {
        if self.hive_whole_key { &["coop", "house", "site"] } else { &["coop"] }
    }
}

fn hive_part(key: &str, value: &Value) -> String {
    let text = match value {
        Value::Text(text) => escaped(text),
        Value::Integer(number) => number.to_string(),
        Value::Null
        | Value::Decimal(_)
        | Value::Float(_)
        | Value::Date(_)
        | Value::Timestamp(_)
        | Value::Boolean(_) => HIVE_NULL.to_owned(),
    };
    format!("{key}={text}")
}

fn escaped(text: &str) -> String {
    let byte = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"-_".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(byte).collect()
}

/// Every number as text, which no cast takes back.
fn drifted(batch: &RecordBatch) -> Result<RecordBatch, AnyError> {
    let column = |(field, column): (&Arc<arrow::datatypes::Field>, &ArrayRef)| {
        let drifts = ["crates", "kilos", "rows", "big"].contains(&field.name().as_str());
        let text = || Arc::new(StringArray::from(vec![format!("{SECRET}-type"); column.len()]));
        let array: ArrayRef = if drifts { text() } else { Arc::clone(column) };
        (field.name().clone(), array, true)
    };
    let schema = batch.schema();
    let columns: Vec<_> = schema.fields().iter().zip(batch.columns()).map(column).collect();
    Ok(RecordBatch::try_from_iter_with_nullable(columns)?)
}

/// Writes one Parquet file.
pub(crate) fn write_parquet(path: &Path, batch: &RecordBatch) -> Result<(), AnyError> {
    write_groups(path, batch, ROW_GROUP_ROWS)
}

fn write_groups(path: &Path, batch: &RecordBatch, rows: usize) -> Result<(), AnyError> {
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(rows)).build();
    let mut writer = ArrowWriter::try_new(File::create(path)?, batch.schema(), Some(properties))?;
    // Group by group: the writer takes a stack frame for every further one of a batch.
    for start in (0..batch.num_rows().max(1)).step_by(rows.max(1)) {
        writer.write(&batch.slice(start, rows.min(batch.num_rows() - start)))?;
    }
    writer.close()?;
    Ok(())
}

fn write_grants(world: &World, folder: &Path, copy: Copy) -> Result<(), AnyError> {
    let (own, others) = world.keys.grants();
    let mut rows: Vec<(Key, String)> = others;
    let mine = |site: Key| (site, Admin::Caller.id().to_owned());
    if copy == Copy::Alone {
        rows.clear();
    }
    // Between the others, not before them.
    let middle = rows.len() / 2;
    rows.splice(middle..middle, own.into_iter().map(mine));
    let site = |key: &Key| match &key.site {
        Site::None => Value::Null,
        Site::Text(text) => Value::Text(text.clone()),
        Site::Number(number) => Value::Integer(*number),
    };
    let text = |value: Option<&String>| value.map_or(Value::Null, |text| Value::Text(text.clone()));
    let column = |of: &dyn Fn(&(Key, String)) -> Value| rows.iter().map(of).collect::<Vec<_>>();
    let site_type = if world.keys.numbers() { DataType::Integer } else { DataType::String };
    let batch = RecordBatch::try_from_iter_with_nullable(vec![
        ("coop", array(DataType::String, &column(&|row| text(row.0.coop.as_ref())))?, true),
        ("house", array(DataType::String, &column(&|row| text(row.0.house.as_ref())))?, true),
        ("admin", array(DataType::String, &column(&|row| Value::Text(row.1.clone())))?, true),
        ("site", array(site_type, &column(&|row| site(&row.0)))?, true),
    ])?;
    write_parquet(&folder.join(format!("{GRANTS}.parquet")), &batch)
}

/// The values as one array. A value of another type than the column's is NULL.
fn array(data_type: DataType, values: &[Value]) -> Result<ArrayRef, AnyError> {
    let integer = |value: &Value| if let Value::Integer(v) = value { Some(*v) } else { None };
    Ok(match data_type {
        DataType::Integer => Arc::new(values.iter().map(integer).collect::<Int64Array>()),
        DataType::Decimal => {
            let cell =
                |value: &Value| if let Value::Decimal(v) = value { Some(i128::from(*v)) } else { None };
            let decimals: Decimal128Array = values.iter().map(cell).collect();
            Arc::new(decimals.with_precision_and_scale(12, 2)?)
        }
        DataType::Float => {
            let cell = |value: &Value| if let Value::Float(v) = value { Some(*v) } else { None };
            Arc::new(values.iter().map(cell).collect::<Float64Array>())
        }
        DataType::String => {
            let texts =
                values.iter().map(|value| if let Value::Text(v) = value { Some(v.as_str()) } else { None });
            Arc::new(texts.collect::<StringArray>())
        }
        DataType::Date => {
            let cell = |value: &Value| if let Value::Date(v) = value { Some(*v) } else { None };
            Arc::new(values.iter().map(cell).collect::<Date32Array>())
        }
        DataType::Timestamp | DataType::TimestampTz => {
            let cell = |value: &Value| if let Value::Timestamp(v) = value { Some(*v) } else { None };
            Arc::new(values.iter().map(cell).collect::<TimestampMicrosecondArray>())
        }
        DataType::Boolean => {
            let cell = |value: &Value| if let Value::Boolean(v) = value { Some(*v) } else { None };
            Arc::new(values.iter().map(cell).collect::<BooleanArray>())
        }
    })
}
