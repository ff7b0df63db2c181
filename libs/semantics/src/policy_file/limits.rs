//! The limits of a policy. What is not given has the default that stands here.

use crate::LoadError;
use crate::yaml::{Mapping, Node, Source, Value};
use splitplane_types::Limits;
use std::time::Duration;

const ROWS: u64 = 10_000;
const BYTES: u64 = 16 << 20;
const SECONDS: u64 = 30;
const MEMORY_BYTES: u64 = 512 << 20;
const CONCURRENT_PER_TENANT: u64 = 4;
/// A day: a longer statement is a mistake in the file.
const SECONDS_MAX: u64 = 86_400;

pub(super) fn read(source: Source<'_>, node: Option<&Node>) -> Result<Limits, LoadError> {
    let keys = ["rows", "bytes", "seconds", "memory", "concurrent_per_tenant"];
    let map = node.map(|node| source.mapping(node, "`limits`", &keys)).transpose()?;
    let of = |key: &str| {
        map.as_ref().and_then(|map: &Mapping<'_>| map.get(key)).map(|node| (key.to_owned(), node))
    };
    let number = |key, default, max| match of(key) {
        None => Ok(default),
        Some((key, node)) => {
            whole(source, &key, node).and_then(|number| within(source, &key, node, number, max))
        }
    };
    let bytes = |key, default| match of(key) {
        None => Ok(default),
        Some((key, node)) => {
            size(source, &key, node).and_then(|n| within(source, &key, node, n, u64::MAX >> 1))
        }
    };
    let concurrent = number("concurrent_per_tenant", CONCURRENT_PER_TENANT, 1_000_000)?;
    Ok(Limits {
        rows_max: number("rows", ROWS, u64::MAX >> 1)?,
        bytes_max: bytes("bytes", BYTES)?,
        time_max: Duration::from_secs(number("seconds", SECONDS, SECONDS_MAX)?),
        memory_bytes_max: bytes("memory", MEMORY_BYTES)?,
        // Within a million, so it always fits.
        concurrent_per_tenant_max: u32::try_from(concurrent).unwrap_or(u32::MAX),
    })
}

fn within(source: Source<'_>, key: &str, node: &Node, number: u64, max: u64) -> Result<u64, LoadError> {
    if (1..=max).contains(&number) {
        return Ok(number);
    }
    Err(source.error(node.line, format!("limit `{key}` is out of range"), format!("write 1 to {max}")))
}

fn whole(source: Source<'_>, key: &str, node: &Node) -> Result<u64, LoadError> {
    let number = if let Value::Integer(number) = &node.value { u64::try_from(*number).ok() } else { None };
    number.ok_or_else(|| {
        source.error(node.line, format!("limit `{key}` is no whole number"), "write one, at least 1")
    })
}

fn size(source: Source<'_>, key: &str, node: &Node) -> Result<u64, LoadError> {
    const UNITS: [(&str, u64); 4] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1)];
    let Value::Text(text) = &node.value else { return whole(source, key, node) };
    let sized = UNITS.iter().find_map(|(unit, factor)| {
        let digits = text.strip_suffix(unit)?.trim_end();
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        if plain { digits.parse::<u64>().ok()?.checked_mul(*factor) } else { None }
    });
    sized.ok_or_else(|| {
        let what = format!("limit `{key}` is `{}`", text.escape_debug());
        source.error(node.line, what, "write a size, for example 16MiB")
    })
}
