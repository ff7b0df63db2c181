//! The limits of a policy. What is not given has the default that stands here.

use crate::LoadError;
use crate::log::{Log, Part};
use crate::yaml::{Node, Source, Value};
use splitplane_types::Limits;
use std::time::Duration;

const ROWS: u64 = 10_000;
const BYTES: u64 = 16 << 20;
const SECONDS: u64 = 30;
const MEMORY_BYTES: u64 = 512 << 20;
const CONCURRENT_PER_TENANT: u64 = 4;
/// A day: a longer statement is a mistake in the file.
const SECONDS_MAX: u64 = 86_400;

/// The limits; none after a mistake.
pub(super) fn read(log: Log<'_>, node: Option<&Node>) -> Option<Limits> {
    let keys = ["rows", "bytes", "seconds", "memory", "concurrent_per_tenant"];
    let source = log.source;
    let part = match node {
        None => None,
        Some(node) => Some(log.part(node, "`limits`", &keys)?),
    };
    let of = |key: &str| part.as_ref().and_then(|part: &Part<'_, '_>| part.get(key));
    let number = |key: &str, default, max| match of(key) {
        None => Some(default),
        Some(node) => {
            log.keep(whole(source, key, node).and_then(|number| within(source, key, node, number, max)))
        }
    };
    let bytes = |key: &str, default| match of(key) {
        None => Some(default),
        Some(node) => {
            log.keep(size(source, key, node).and_then(|n| within(source, key, node, n, u64::MAX >> 1)))
        }
    };
    let concurrent = number("concurrent_per_tenant", CONCURRENT_PER_TENANT, 1_000_000);
    let rows = number("rows", ROWS, u64::MAX >> 1);
    let (size, seconds) = (bytes("bytes", BYTES), number("seconds", SECONDS, SECONDS_MAX));
    let memory = bytes("memory", MEMORY_BYTES);
    Some(Limits {
        rows_max: rows?,
        bytes_max: size?,
        time_max: Duration::from_secs(seconds?),
        memory_bytes_max: memory?,
        // Within a million, so it always fits.
        concurrent_per_tenant_max: u32::try_from(concurrent?).unwrap_or(u32::MAX),
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
