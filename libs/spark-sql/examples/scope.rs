//! Prints what a scoped relation shows of a column `x` under every mask, and of a few expressions of an
//! owner, one a line: what it is, then the SQL. Decides nothing.

#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use splitplane_spark_sql::{Kind, cast_to, expression, masked};
use splitplane_split_plane::{ColumnMask, MaskKey};
use splitplane_types::{Bucket, BucketUnit};
use sqlparser::dialect::DatabricksDialect;
use sqlparser::parser::Parser;
use std::error::Error;
use std::num::NonZeroU32;

fn main() -> Result<(), Box<dyn Error>> {
    let width = |width| NonZeroU32::new(width).map(|width| ColumnMask::Bucket(Bucket::Width(width)));
    let unit = |unit| Some(ColumnMask::Bucket(Bucket::Unit(unit)));
    let decimal = |precision, scale| Kind::Decimal { precision, scale };
    for (what, kind, mask) in [
        ("null", Kind::Date, Some(ColumnMask::Null)),
        ("last 4", Kind::Text, Some(ColumnMask::Last(4))),
        ("last 0", Kind::Text, Some(ColumnMask::Last(0))),
        ("hash text", Kind::Text, Some(ColumnMask::Hash(MaskKey::new([1; 32])))),
        ("hash integer", Kind::Integer, Some(ColumnMask::Hash(MaskKey::new([1; 32])))),
        ("width 10 integer", Kind::Integer, width(10)),
        ("width 5 float", Kind::Float, width(5)),
        ("width 10 decimal", decimal(10, 2), width(10)),
        ("width 10 decimal38", decimal(38, 6), width(10)),
        ("week date", Kind::Date, unit(BucketUnit::Week)),
        ("month date", Kind::Date, unit(BucketUnit::Month)),
        ("quarter date", Kind::Date, unit(BucketUnit::Quarter)),
        ("year date", Kind::Date, unit(BucketUnit::Year)),
        ("month timestamp", Kind::Timestamp, unit(BucketUnit::Month)),
    ] {
        let mask = mask.ok_or("no mask")?;
        println!("{what}\t{}", masked("x", kind, &mask)?.0);
    }
    for (what, from, to) in [
        ("text to decimal", Kind::Text, decimal(38, 6)),
        ("text to date", Kind::Text, Kind::Date),
        ("float to text", Kind::Float, Kind::Text),
        ("integer to decimal", Kind::Integer, decimal(20, 0)),
    ] {
        println!("{what}\t{}", cast_to("x", from, to)?);
    }
    let owners = "CASE WHEN x = 'it''s \\ ${env:HOME} \u{212a}' THEN concat(x, 'é') ELSE upper(x) END";
    let parsed = Parser::new(&DatabricksDialect {}).try_with_sql(owners)?.parse_expr()?;
    let column = |name: &str| (name == "x").then(|| ("x".to_owned(), Kind::Text));
    println!("owner text\t{}", expression(&parsed, &column)?.0);
    Ok(())
}
