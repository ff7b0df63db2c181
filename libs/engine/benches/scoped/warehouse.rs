//! The warehouses that are measured: businesses in folders of their own, sorted by branch and day; and
//! the same rows of one caller among more and more of others'.

use arrow::array::{
    ArrayRef, Date32Array, Decimal128Array, Int32Array, Int64Array, RecordBatch, StringArray,
};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) const TENANTS: usize = 100;
pub(super) const BUSINESSES: usize = 3;
pub(super) const BRANCHES: i64 = 200;
pub(super) const TENANT: &str = "t042";
pub(super) const BUSINESS: &str = "b1";

pub(super) fn write_warehouse(root: &Path, rows: usize) {
    println!("writing {rows} rows to {}", root.display());
    let each = rows / (TENANTS * BUSINESSES);
    for tenant in 0..TENANTS {
        for business in 0..BUSINESSES {
            write_partition(root, &format!("t{tenant:03}"), &format!("b{business}"), each);
        }
    }
    let grants = |column: &dyn Fn(i64) -> String| -> ArrayRef {
        Arc::new((0..BRANCHES + 2).map(|row| Some(column(row))).collect::<StringArray>())
    };
    let ids: Int64Array = (0..BRANCHES).chain([41, 137]).collect();
    let admin = |row: i64| if row < BRANCHES { "wide" } else { "narrow" }.to_owned();
    write_file(
        &root.join("grants.parquet"),
        &[
            ("tenant_id", grants(&|_| TENANT.to_owned())),
            ("business_id", grants(&|_| BUSINESS.to_owned())),
            ("admin_id", grants(&admin)),
            ("branch_id", Arc::new(ids)),
        ],
    );
    fs::write(root.join("done"), "").unwrap();
}

fn partition(root: &Path, table: &str, tenant: &str, business: &str) -> PathBuf {
    root.join(table).join(format!("tenant_id={tenant}/business_id={business}/part-0.parquet"))
}

/// One business: its loans by branch and day, and its branches.
fn write_partition(root: &Path, tenant: &str, business: &str, rows: usize) {
    let rows = rows as i64;
    let each = (rows / BRANCHES).max(1);
    let chance = |row: i64, salt: i64| ((row + salt * 7_919) * 2_654_435_761) % 1_000_003;
    let ids: Int64Array = (0..rows).collect();
    let branches: Int64Array = (0..rows).map(|row| (row / each).min(BRANCHES - 1)).collect();
    let days: Date32Array = (0..rows).map(|row| Some(20_454 + ((row % each) * 365 / each) as i32)).collect();
    let kinds: StringArray = (0..rows).map(|row| Some(format!("kind {}", chance(row, 1) % 12))).collect();
    let fees: Decimal128Array = (0..rows).map(|row| Some(i128::from(chance(row, 2) % 9_000 + 100))).collect();
    let copies: Int32Array = (0..rows).map(|row| Some((chance(row, 3) % 5) as i32)).collect();
    let members: Int64Array = (0..rows).map(|row| chance(row, 4) % 20_000).collect();
    write_file(
        &partition(root, "loans", tenant, business),
        &[
            ("loan_id", Arc::new(ids) as ArrayRef),
            ("branch_id", Arc::new(branches)),
            ("day", Arc::new(days)),
            ("kind", Arc::new(kinds)),
            ("fee", Arc::new(fees.with_precision_and_scale(12, 2).unwrap())),
            ("copies", Arc::new(copies)),
            ("member_id", Arc::new(members)),
        ],
    );
    let branches: Int64Array = (0..BRANCHES).collect();
    let regions: StringArray = (0..BRANCHES).map(|branch| Some(format!("region {}", branch % 9))).collect();
    write_file(
        &partition(root, "branches", tenant, business),
        &[("branch_id", Arc::new(branches) as ArrayRef), ("region", Arc::new(regions))],
    );
}

fn write_file(path: &Path, columns: &[(&str, ArrayRef)]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let batch = RecordBatch::try_from_iter(columns.iter().cloned()).unwrap();
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer =
        ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

const OWN_ROWS: usize = 20_000;

pub(super) fn write_others(root: &Path, layout: &str, times: usize) {
    if layout == "by folders" {
        write_partition(root, TENANT, BUSINESS, OWN_ROWS);
        for business in ["b0", "b2"] {
            write_partition(root, TENANT, business, OWN_ROWS * times);
        }
        write_partition(root, "t001", BUSINESS, OWN_ROWS * times);
        return;
    }
    // Sorted by tenant; row groups of 16,384 rows, as a table that is clustered by its keys has them.
    let path = root.join("loans.parquet");
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(16_384)).build();
    let batch = |tenant: &str, rows: usize| {
        let texts = |text: &str| -> ArrayRef { Arc::new(StringArray::from(vec![text; rows])) };
        let number =
            |f: &dyn Fn(usize) -> i64| -> ArrayRef { Arc::new((0..rows).map(f).collect::<Int64Array>()) };
        let fees: Decimal128Array = (0..rows).map(|row| Some((row % 900) as i128)).collect();
        RecordBatch::try_from_iter(vec![
            ("tenant_id", texts(tenant)),
            ("business_id", texts(BUSINESS)),
            ("loan_id", number(&|row| row as i64)),
            ("branch_id", number(&|row| (row / 100) as i64)),
            ("day", Arc::new(Date32Array::from(vec![20_500; rows])) as ArrayRef),
            ("kind", texts("kind 1")),
            ("fee", Arc::new(fees.with_precision_and_scale(12, 2).unwrap())),
            ("copies", number(&|_| 1)),
            ("member_id", number(&|row| row as i64)),
        ])
        .unwrap()
    };
    let own = batch(TENANT, OWN_ROWS);
    let mut writer =
        ArrowWriter::try_new(File::create(path).unwrap(), own.schema(), Some(properties)).unwrap();
    for rows in [("t001", OWN_ROWS * times), (TENANT, OWN_ROWS), ("t099", OWN_ROWS * times)] {
        writer.write(&batch(rows.0, rows.1)).unwrap();
        writer.flush().unwrap();
    }
    writer.close().unwrap();
}
