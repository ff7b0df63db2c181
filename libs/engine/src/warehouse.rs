//! Where sources are: files of one folder or bucket, looked up anew for every scan.
//!
//! Decides which files belong to a source and in which order they are read. Order and partition
//! values come from names alone, so a file that someone else adds changes nothing of the rest. Does
//! not read rows.

use crate::EngineError;
use crate::error::AnyError;
use crate::files::OpenFile;
use crate::location::{Location, S3Config};
use crate::reading::Meter;
use crate::scope::Partitions;
use crate::source::of_source;
use crate::store::{Bucket, Folder, Holding, Store};
use crate::typing;
use crate::version::Version;
use splitplane_types::{Column, DataType};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// A folder of sources: `c.parquet`, or else the folder `c` of Parquet, CSV and JSON lines files, or else
/// `c.csv`, `c.jsonl` or `c.ndjson`. In a bucket, which has no folders of its own, the folder comes last.
#[derive(Debug, Clone)]
pub struct Warehouse {
    store: Arc<dyn Store>,
    meter: Meter,
    declared: Arc<BTreeMap<String, Arc<[String]>>>,
}

/// A file of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DataFile {
    /// Within the warehouse.
    pub(crate) name: String,
    pub(crate) format: Format,
    /// The version that was listed, where the store tells it.
    pub(crate) seen: Option<Version>,
    /// Columns of JSON lines: those that somebody has declared. Rows say nothing of columns.
    pub(crate) declared: Arc<[String]>,
    /// Columns that the folders' names hold (`key=value`), as text; `None` is NULL.
    pub(crate) partitions: Vec<(String, Option<String>)>,
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Parquet,
    Csv,
    /// One JSON object a line.
    JsonLines,
}

const SOURCE_NAME_BYTES_MAX: usize = 128;
const FOLDER_DEPTH_MAX: usize = 8;
const HIVE_NULL: &str = "__HIVE_DEFAULT_PARTITION__";

impl Warehouse {
    /// Opens a folder. Sources are looked up when they are read.
    ///
    /// # Errors
    /// [`EngineError::Warehouse`] when it is no folder.
    pub fn open(root: &Path) -> Result<Self, EngineError> {
        if root.is_dir() {
            return Ok(Self::of(Arc::new(Folder::new(root.to_owned()))));
        }
        let name = root.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Err(EngineError::warehouse(&name, format!("{} is not a folder", root.display())))
    }

    /// Opens a folder, or a bucket: `s3://bucket/prefix`, read with the credentials of the process's role.
    ///
    /// Blocks while the bucket is listed for the first time.
    ///
    /// # Errors
    /// [`EngineError::Warehouse`] when it is no folder, or a bucket that cannot be listed.
    pub fn connect(location: &Path, s3: &S3Config) -> Result<Self, EngineError> {
        match Location::of(location)? {
            Location::Folder(root) => Self::open(&root),
            Location::Bucket { name, prefix } => {
                s3.check()?;
                let bucket = Bucket::connect(name.clone(), prefix, s3);
                Ok(Self::of(Arc::new(bucket.map_err(|cause| of_source(&name, cause))?)))
            }
        }
    }

    pub(crate) fn of(store: Arc<dyn Store>) -> Self {
        Self { store, meter: Meter::default(), declared: Arc::default() }
    }

    /// The same warehouse, in which sources of JSON lines have these columns, by source. Such a file has no
    /// header, and what its rows hold decides nothing: a name that a row lacks is NULL there, and a name that
    /// is not declared is not there.
    #[must_use]
    pub fn declaring(self, columns: BTreeMap<String, Vec<String>>) -> Self {
        let declared = columns.into_iter().map(|(source, names)| (source, names.into()));
        Self { declared: Arc::new(declared.collect()), ..self }
    }

    /// Whether the source is there.
    #[must_use]
    pub fn has(&self, source: &str) -> bool {
        self.files(source).is_ok()
    }

    /// Columns of a source as its files declare them: those of CSV files and of partitions are text, and so are
    /// those of JSON lines, which are the declared ones.
    /// Columns of types that no relation can show (lists, structs) are left out.
    ///
    /// # Errors
    /// [`EngineError::Warehouse`] when the source is missing or its first file cannot be read.
    pub fn columns(&self, source: &str) -> Result<Vec<Column>, EngineError> {
        let fail = |cause| EngineError::warehouse(source, cause);
        let files = self.files(source)?;
        let first = files.first().ok_or_else(|| fail("no file".into()))?;
        let file = OpenFile::open(&self.store, first).map_err(fail)?;
        let column =
            |(name, data_type): (String, DataType)| Column { name, data_type, unit: None, masked: false };
        let shown = file.columns().filter_map(|(name, data_type)| {
            let target = typing::target(None, data_type)?;
            Some((name.to_owned(), typing::data_type(&target)?))
        });
        Ok(shown.map(column).collect())
    }

    /// Whether a column of all of a source's files can be read as a type.
    ///
    /// # Errors
    /// [`EngineError::Warehouse`] when the source is missing or a file cannot be read.
    pub fn fits(&self, source: &str, column: &str, wanted: DataType) -> Result<bool, EngineError> {
        let fail = |cause| EngineError::warehouse(source, cause);
        for file in self.files(source)? {
            let open = OpenFile::open(&self.store, &file).map_err(fail)?;
            if let Some((_, held)) = open.find(column).map_err(fail)?
                && typing::target(Some(wanted), held).is_none()
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Bytes read from its files since it was opened, footers and indexes included.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.meter.bytes()
    }

    /// Requests made of an object store since it was opened; none where the data is in a folder.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.store.requests()
    }

    pub(crate) const fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Counts what one scan reads, in addition to all.
    pub(crate) fn meter(&self) -> Meter {
        self.meter.part()
    }

    /// All files of a source, in the order in which they are read; an error where there is none.
    pub(crate) fn files(&self, source: &str) -> Result<Vec<DataFile>, EngineError> {
        let files = self.files_where(source, &mut |_partitions| Ok(true))?;
        if files.is_empty() {
            return Err(EngineError::warehouse(source, "no Parquet, CSV or JSON lines file in the folder"));
        }
        Ok(files)
    }

    /// The files in folders whose values may matter. Other folders are not even listed, so that the cost
    /// of a listing follows what is asked for.
    pub(crate) fn files_where(
        &self,
        source: &str,
        matters: Matters<'_>,
    ) -> Result<Vec<DataFile>, EngineError> {
        let fail = |cause: AnyError| of_source(source, cause);
        if !is_source_name(source) {
            return Err(fail("not a plain name".into()));
        }
        let declared = self.declared.get(source).cloned().unwrap_or_else(|| Arc::from([]));
        match self.store.holding(source).map_err(fail)? {
            None => Err(fail("no such source".into())),
            Some(Holding::File { name, format, seen }) => {
                Ok(vec![DataFile { name, format, seen, declared, partitions: Vec::new() }])
            }
            Some(Holding::Folder) => {
                let mut found = Found { store: self.store.as_ref(), declared, files: Vec::new() };
                found.collect(source, &mut Vec::new(), matters).map_err(fail)?;
                Ok(found.files)
            }
        }
    }
}

/// Whether a file in folders of these values may matter.
pub(crate) type Matters<'m> = &'m mut dyn FnMut(&Partitions) -> Result<bool, AnyError>;

/// No separator, no dot: a name can never lead out of the folder.
fn is_source_name(name: &str) -> bool {
    (1..=SOURCE_NAME_BYTES_MAX).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// Files of a source's folder.
struct Found<'w> {
    store: &'w dyn Store,
    declared: Arc<[String]>,
    files: Vec<DataFile>,
}

impl Found<'_> {
    fn collect(
        &mut self,
        folder: &str,
        partitions: &mut Vec<(String, Option<String>)>,
        matters: Matters<'_>,
    ) -> Result<(), AnyError> {
        if partitions.len() > FOLDER_DEPTH_MAX {
            return Err("folders nested too deep".into());
        }
        for entry in self.store.entries(folder)?.iter() {
            let name = &entry.name;
            // Markers and files in the making, as every engine leaves them beside the data.
            if name.starts_with(['_', '.']) {
                continue;
            }
            let at = format!("{folder}/{name}");
            if entry.is_folder()? {
                let Some((key, value)) = name.split_once('=') else { continue };
                let value = if value == HIVE_NULL { None } else { Some(unescape(value)?) };
                let key = unescape(key)?;
                if partitions.iter().any(|(known, _)| *known == key) {
                    return Err("a folder's key is named twice".into());
                }
                partitions.push((key, value));
                if matters(partitions)? {
                    self.collect(&at, partitions, matters)?;
                }
                partitions.pop();
            } else if let Some(format) = Format::of(name) {
                self.files.push(DataFile {
                    name: at,
                    format,
                    seen: entry.seen.clone(),
                    declared: Arc::clone(&self.declared),
                    partitions: partitions.clone(),
                });
            }
        }
        Ok(())
    }
}

impl Format {
    /// Ends of names, in the order in which files of one source are preferred.
    pub(crate) const ENDS: [(&'static str, Self); 4] = [
        ("parquet", Self::Parquet),
        ("csv", Self::Csv),
        ("jsonl", Self::JsonLines),
        ("ndjson", Self::JsonLines),
    ];

    fn of(name: &str) -> Option<Self> {
        let (_, end) = name.rsplit_once('.')?;
        Self::ENDS.into_iter().find(|(known, _)| *known == end).map(|(_, format)| format)
    }
}

/// Undoes the `%3A` that writers put for characters a folder's name cannot hold.
pub(crate) fn unescape(text: &str) -> io::Result<String> {
    let broken = || io::Error::other("a partition's name is badly escaped");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
        let (high, low) = (digit().ok_or_else(broken)?, digit().ok_or_else(broken)?);
        bytes.push(u8::try_from(high * 16 + low).map_err(io::Error::other)?);
    }
    String::from_utf8(bytes).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_source_name_cannot_lead_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("inner");
        fs::create_dir(&root).unwrap();
        fs::write(folder.path().join("outside.csv"), "a\n1\n").unwrap();
        fs::write(root.join("inside.csv"), "a\n1\n").unwrap();
        let warehouse = Warehouse::open(&root).unwrap();
        assert!(warehouse.has("inside"));
        let absolute = folder.path().join("outside");
        for name in
            ["../outside", "..", ".", "", "inner/../../outside", "inside.csv", absolute.to_str().unwrap()]
        {
            assert!(!warehouse.has(name), "{name}");
        }
    }

    #[test]
    fn parquet_comes_before_a_folder_before_csv_and_files_are_sorted_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let names = |source: &str| -> Vec<String> {
            let files = Warehouse::open(root).unwrap().files(source).unwrap();
            files.into_iter().map(|file| file.name).collect()
        };
        fs::write(root.join("c.csv"), "a\n").unwrap();
        assert_eq!(names("c"), ["c.csv"]);
        fs::create_dir_all(root.join("c/key=b")).unwrap();
        fs::create_dir_all(root.join("c/key=a")).unwrap();
        for name in
            ["c/key=b/1.parquet", "c/key=a/2.parquet", "c/key=a/1.parquet", "c/_SUCCESS", "c/.1.parquet"]
        {
            fs::write(root.join(name), "").unwrap();
        }
        assert_eq!(names("c"), ["c/key=a/1.parquet", "c/key=a/2.parquet", "c/key=b/1.parquet"]);
        fs::write(root.join("c.parquet"), "").unwrap();
        assert_eq!(names("c"), ["c.parquet"]);
    }

    #[test]
    fn partition_values_are_unescaped_and_null_is_null() {
        assert_eq!(unescape("a%3Ab%20c").unwrap(), "a:b c");
        assert!(unescape("a%3").is_err());
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("c/key=__HIVE_DEFAULT_PARTITION__")).unwrap();
        fs::write(folder.path().join("c/key=__HIVE_DEFAULT_PARTITION__/1.parquet"), "").unwrap();
        let files = Warehouse::open(folder.path()).unwrap().files("c").unwrap();
        assert_eq!(files[0].partitions, [("key".to_owned(), None)]);
    }

    #[test]
    fn a_folders_key_that_is_named_twice_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for at in ["c/a=1/b=1", "d/a=1/a=2"] {
            fs::create_dir_all(folder.path().join(at)).unwrap();
            fs::write(folder.path().join(at).join("1.parquet"), "").unwrap();
        }
        let warehouse = Warehouse::open(folder.path()).unwrap();
        assert!(warehouse.files("c").is_ok());
        // Which of the two a row belongs to nobody could say.
        assert!(warehouse.files("d").is_err());
    }
}
