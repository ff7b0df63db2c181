//! Names that a model can hold.
//!
//! Decides how a name of another tool is spelled here. Names are told apart as engines tell them: without letter case.

/// A name of a dataset: letters, digits and `_`.
pub(crate) fn dataset(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = name.trim().chars().map(plain).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) || name.is_empty() { format!("_{name}") } else { name }
}

/// Longer names are cut: what is derived from a figure is named after it.
const CHARS_MAX: usize = 48;

/// A name of a field or a metric: what every engine prints between backticks and reads back.
pub(crate) fn field(name: &str) -> String {
    let is_plain = |c: char| (' '..='~').contains(&c) && !matches!(c, '`' | '"' | '.' | '\\' | '$');
    let plain = |c: char| if is_plain(c) { c } else { '_' };
    let name: String = name.trim().chars().map(plain).take(CHARS_MAX).collect();
    if name.is_empty() { "_".to_owned() } else { name.trim_end().to_owned() }
}

/// The name, or the name with a number, so that it is none of those taken.
pub(crate) fn free<'a>(name: &str, taken: &(impl Iterator<Item = &'a str> + Clone)) -> String {
    let is_taken = |name: &str| taken.clone().any(|other| same(other, name));
    if !is_taken(name) {
        return name.to_owned();
    }
    (2_u32..).map(|number| format!("{name}_{number}")).find(|name| !is_taken(name)).unwrap_or_default()
}

/// Whether two names are one to an engine.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one == other || one.to_lowercase() == other.to_lowercase()
}
