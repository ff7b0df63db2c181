//! How a source's rows are spread over its files: whether one caller's rows can be read without everyone's.
//!
//! For whoever runs the service, when it starts: it reads folders' names, footers and sizes, and decides
//! nothing about what anybody sees. Where rows of all callers lie among each other, each scan reads the
//! scope's columns of all of them, and its time tells how many there are.

use crate::files::OpenFile;
use crate::warehouse::{DataFile, Format};
use crate::{EngineError, Warehouse};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;

/// How the rows of a source are spread, as seen from some of its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// So few that it does not matter.
    Few,
    /// A column is in the folders' names.
    Folders,
    /// Row groups hold different ranges of a column.
    Clustered,
    /// Rows with any values lie everywhere.
    Everywhere,
}

/// What is read in no time, whoever's it is.
const FEW_BYTES: u64 = 8 << 20;
/// A value may be in at most this share of the row groups, on average, for a scan to be spared the rest.
const CLUSTERED_SHARE: f64 = 0.5;

impl Warehouse {
    /// How the rows of a source are spread over its files, as seen from `columns`.
    ///
    /// # Errors
    /// [`EngineError::Warehouse`] when the source is missing or a file cannot be read.
    pub fn spread(&self, source: &str, columns: &[String]) -> Result<Spread, EngineError> {
        let files = self.files(source)?;
        let in_name = |file: &DataFile| file.partitions.iter().any(|(name, _)| columns.contains(name));
        if files.iter().all(in_name) {
            return Ok(Spread::Folders);
        }
        let mut bytes = 0_u64;
        for file in &files {
            let version =
                self.store().version(file).map_err(|cause| EngineError::warehouse(source, cause))?;
            bytes = bytes.saturating_add(version.length());
        }
        if bytes <= FEW_BYTES {
            return Ok(Spread::Few);
        }
        for column in columns {
            let Some(ranges) =
                ranges(self, &files, column).map_err(|cause| EngineError::warehouse(source, cause))?
            else {
                continue;
            };
            if share(&ranges) <= CLUSTERED_SHARE {
                return Ok(Spread::Clustered);
            }
        }
        Ok(Spread::Everywhere)
    }
}

/// Bounds of a column, as bytes or numbers that compare as its values do.
type Range = (Bound, Bound);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Bound {
    Number(i64),
    Bytes(Vec<u8>),
}

/// The range of a column in every row group; `None` where a file does not say.
fn ranges(
    warehouse: &Warehouse,
    files: &[DataFile],
    column: &str,
) -> Result<Option<Vec<Range>>, crate::error::AnyError> {
    let mut ranges = Vec::new();
    for file in files {
        if file.format != Format::Parquet {
            return Ok(None);
        }
        let open = OpenFile::open(warehouse.store(), file)?;
        let Some(footer) = open.footer() else { return Ok(None) };
        for group in footer.metadata().row_groups() {
            match range(group, column) {
                Some(range) => ranges.push(range),
                None => return Ok(None),
            }
        }
    }
    Ok(Some(ranges))
}

fn range(group: &RowGroupMetaData, column: &str) -> Option<Range> {
    let chunk = group.columns().iter().find(|chunk| chunk.column_path().parts() == [column])?;
    match chunk.statistics()? {
        Statistics::Int32(range) => {
            Some((Bound::Number(i64::from(*range.min_opt()?)), Bound::Number(i64::from(*range.max_opt()?))))
        }
        Statistics::Int64(range) => {
            Some((Bound::Number(*range.min_opt()?), Bound::Number(*range.max_opt()?)))
        }
        Statistics::ByteArray(range) => Some((
            Bound::Bytes(range.min_bytes_opt()?.to_vec()),
            Bound::Bytes(range.max_bytes_opt()?.to_vec()),
        )),
        Statistics::Boolean(_)
        | Statistics::Int96(_)
        | Statistics::Float(_)
        | Statistics::Double(_)
        | Statistics::FixedLenByteArray(_) => None,
    }
}

/// In which share of the row groups a value may be, on average over the values that groups begin with.
fn share(ranges: &[Range]) -> f64 {
    let mut starts: Vec<&Bound> = ranges.iter().map(|(start, _)| start).collect();
    let mut ends: Vec<&Bound> = ranges.iter().map(|(_, end)| end).collect();
    starts.sort_unstable();
    ends.sort_unstable();
    // A group holds a value when it begins no later and ends no earlier.
    let holding = |value: &Bound| {
        starts.partition_point(|start| *start <= value) - ends.partition_point(|end| *end < value)
    };
    let held: usize = ranges.iter().map(|(start, _)| holding(start)).sum();
    let count = |count: usize| u32::try_from(count).map_or(f64::INFINITY, f64::from);
    let groups = count(ranges.len());
    if ranges.len() < 2 { 1.0 } else { count(held) / groups / groups }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::fixture::{csv, folder};
    use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::WriterProperties;
    use std::fs::{self, File};
    use std::path::Path;
    use std::sync::Arc;

    const ROWS: i64 = 200_000;

    fn write(path: &Path, tenant: &dyn Fn(i64) -> i64) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let tenants: StringArray = (0..ROWS).map(|row| Some(format!("t{:04}", tenant(row)))).collect();
        // Does not compress, so that there are more than a few bytes.
        let filling: StringArray = (0..ROWS)
            .map(|row| Some(format!("{:048x}", i128::from(row).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c))))
            .collect();
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("tenant", Arc::new(tenants)),
            ("filling", Arc::new(filling)),
            ("n", Arc::new((0..ROWS).collect::<Int64Array>())),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let properties = WriterProperties::builder().set_max_row_group_row_count(Some(20_000)).build();
        let mut writer =
            ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }

    #[test]
    fn rows_of_one_tenant_are_few_in_folders_clustered_or_everywhere() {
        let folder = folder();
        let root = folder.path();
        csv(root, "few.csv", "tenant\nt1\n");
        write(&root.join("folders/tenant=t1/1.parquet"), &|_| 1);
        write(&root.join("sorted.parquet"), &|row| row / 2_000);
        write(&root.join("mixed.parquet"), &|row| row % 100);
        let big = format!("tenant,x\n{}", "t1,0123456789012345678901234567890123456789\n".repeat(200_000));
        csv(root, "text.csv", &big);
        let warehouse = Warehouse::open(root).unwrap();
        let tenant = ["tenant".to_owned()];
        for (source, expected) in [
            ("few", Spread::Few),
            ("folders", Spread::Folders),
            ("sorted", Spread::Clustered),
            ("mixed", Spread::Everywhere),
            ("text", Spread::Everywhere),
        ] {
            assert_eq!(warehouse.spread(source, &tenant).unwrap(), expected, "{source}");
        }
        // A scope that stands in another source has no column here.
        assert_eq!(warehouse.spread("sorted", &[]).unwrap(), Spread::Everywhere);
        assert!(warehouse.spread("nowhere", &tenant).is_err());
    }
}
