//! Number words of English, one at a time.
//!
//! Decides their value. How they are put together, and which of them a text may use, is for who reads the text.

/// The value of a number word below a hundred: "seven", "nineteen", "forty".
#[must_use]
pub fn number_word(word: &str) -> Option<u32> {
    const UNITS: [&str; 20] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    let position =
        |list: &[&str]| list.iter().position(|name| *name == word).and_then(|at| u32::try_from(at).ok());
    position(&UNITS).or_else(|| position(&TENS).map(|index| (index + 2) * 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_below_a_hundred_have_a_value_and_no_other_word_has() {
        let known = [("zero", 0), ("one", 1), ("nineteen", 19), ("twenty", 20), ("ninety", 90)];
        assert!(known.into_iter().all(|(word, value)| number_word(word) == Some(value)));
        assert!(
            ["", "hundred", "twentyone", "One", "fourty"].into_iter().all(|word| number_word(word).is_none())
        );
    }
}
