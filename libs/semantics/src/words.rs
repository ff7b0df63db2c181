//! Identifiers as words, and the nearest right name.

/// The words of an identifier: `late_fees` is "late fees", `lateFees` is "late fees".
#[must_use]
pub fn words_of(identifier: &str) -> String {
    let mut words = String::with_capacity(identifier.len() + 4);
    let mut after_lower = false;
    for c in identifier.chars() {
        if !c.is_alphanumeric() {
            if !words.is_empty() && !words.ends_with(' ') {
                words.push(' ');
            }
            after_lower = false;
            continue;
        }
        if c.is_uppercase() && after_lower {
            words.push(' ');
        }
        words.extend(c.to_lowercase());
        after_lower = c.is_lowercase() || c.is_numeric();
    }
    words.truncate(words.trim_end().len());
    words
}

/// The name among `names` that `wrong` was most likely meant to be, whatever the case of its letters; of equally near
/// ones the first, and `None` if none is near.
#[must_use]
pub fn nearest<N: AsRef<str>>(wrong: &str, names: impl IntoIterator<Item = N>) -> Option<N> {
    const ENOUGH: f64 = 0.7;
    let wrong = wrong.to_lowercase();
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&wrong, &name.as_ref().to_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= ENOUGH)
        // The first of equally near names, so that the message does not depend on chance.
        .fold(None::<(f64, N)>, |best, next| match best {
            Some(best) if best.0 >= next.0 => Some(best),
            _ => Some(next),
        })
        .map(|(_, name)| name)
}

/// The name among `names` that `wrong` is but for a slip or two of the hand; `None` if there is none.
pub(crate) fn typo_of<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = nearest(wrong, names)?;
    let slips = strsim::damerau_levenshtein(&wrong.to_lowercase(), &near.to_lowercase());
    (slips <= 2).then_some(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_read_as_words() {
        for (identifier, words) in [
            ("late_fees", "late fees"),
            ("lateFees", "late fees"),
            ("Late-Fees ", "late fees"),
            ("__a__b_", "a b"),
            ("SKU", "sku"),
            ("q3Total", "q3 total"),
            ("", ""),
        ] {
            assert_eq!(words_of(identifier), words, "{identifier}");
        }
    }

    #[test]
    fn the_nearest_name_is_the_likeliest_one_or_none() {
        let names = ["loans", "books", "branches"];
        assert_eq!(nearest("loan", names), Some("loans"));
        assert_eq!(nearest("Branch", names), Some("branches"));
        assert_eq!(nearest("xyzzy", names), None);
        assert_eq!(nearest("books", ["books", "books"]), Some("books"));
        // Of equally near names the first, owned or not.
        let owned = ["Books".to_owned(), "books".to_owned()];
        assert_eq!(nearest("books", owned), Some("Books".to_owned()));
    }
}
