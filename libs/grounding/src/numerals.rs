//! Numbers in words: "two hundred and five thousand". Decides their value; knows no unit.

use splitplane_types::number_word;

/// The number that the words at the start spell, and how many words that takes. `None` where no number
/// stands, or one that is not written as numbers are.
pub(crate) fn spelled(words: &[String]) -> Option<(i128, usize)> {
    let (mut total, mut group): (i128, Option<i128>) = (0, None);
    let (mut used, mut scale_before) = (0, i128::MAX);
    // Whether the last word was "hundred" or a scale, which an "and" may follow.
    let mut open = false;
    let word = |at: usize| words.get(at).map(String::as_str);
    while let Some(next) = word(used) {
        if let Some(small) = small(next) {
            group = Some(match group {
                None => small,
                Some(before) if is_joined(before, small) => before.checked_add(small)?,
                Some(_) => return None,
            });
            open = false;
        } else if next == "hundred" {
            group = Some(group.filter(|count| (1..100).contains(count))?.checked_mul(100)?);
            open = true;
        } else if let Some(scale) = scale(next) {
            if scale >= scale_before {
                return None;
            }
            total = total.checked_add(group?.checked_mul(scale)?)?;
            (group, scale_before, open) = (None, scale, true);
        } else if next == "and" && open && word(used + 1).and_then(small).is_some() {
            open = false;
        } else {
            break;
        }
        used += 1;
    }
    (used > 0).then_some((total.checked_add(group.unwrap_or(0))?, used))
}

/// Whether `small` may follow what is there: "twenty-one", "three hundred twelve".
const fn is_joined(before: i128, small: i128) -> bool {
    (before % 100 == 0 && before > 0) || (before % 100 >= 20 && before % 10 == 0 && 0 < small && small < 10)
}

fn scale(word: &str) -> Option<i128> {
    match word {
        "thousand" => Some(1_000),
        "million" => Some(1_000_000),
        "billion" => Some(1_000_000_000),
        _ => None,
    }
}

/// The value of a number word below a hundred.
pub(crate) fn small(word: &str) -> Option<i128> {
    number_word(word).map(i128::from)
}

/// Of how many parts a word names one: "third" and "thirds" are of three.
pub(crate) fn parts(word: &str) -> Option<i128> {
    match word {
        "half" | "halves" => Some(2),
        "quarter" | "quarters" => Some(4),
        _ => ordinal(word.strip_suffix('s').unwrap_or(word)).filter(|parts| *parts > 2),
    }
}

/// The rank that an ordinal word names.
pub(crate) fn ordinal(word: &str) -> Option<i128> {
    const ORDINALS: [&str; 10] =
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
    ORDINALS.iter().position(|name| *name == word).and_then(|index| i128::try_from(index + 1).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(i128, usize)> {
        spelled(&text.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn numbers_in_words_are_read_to_their_end() {
        for (text, value, used) in [
            ("five", 5, 1),
            ("twenty one branches", 21, 2),
            ("one hundred and five", 105, 4),
            ("three hundred twelve", 312, 3),
            ("twelve hundred", 1_200, 2),
            ("eighty four thousand", 84_000, 3),
            ("eighty four thousand and five dollars", 84_005, 5),
            ("two million three hundred thousand", 2_300_000, 5),
            ("five and six", 5, 1),
            ("zero", 0, 1),
        ] {
            assert_eq!(read(text), Some((value, used)), "{text}");
        }
    }

    #[test]
    fn what_is_not_written_as_numbers_are_is_none() {
        for text in
            ["two three", "twenty eleven", "hundred", "thousand five", "one thousand two million", "branches"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
