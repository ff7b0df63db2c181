//! Where an answer may differ from the embedded engine's, and why.
//!
//! A list for people and for whoever compares engines; nothing reads it to decide.

/// One difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// What is concerned.
    pub what: &'static str,
    /// What the embedded engine gives.
    pub embedded: &'static str,
    /// What comes of the translated statement.
    pub here: &'static str,
    /// Why.
    pub reason: &'static str,
}

const fn difference(
    what: &'static str,
    embedded: &'static str,
    here: &'static str,
    reason: &'static str,
) -> Difference {
    Difference { what, embedded, here, reason }
}

/// All that are known.
pub const DIFFERENCES: &[Difference] = &[
    difference(
        "a value that cannot be converted, a number that does not fit, a zero that is divided by",
        "the statement fails",
        "NULL",
        "a failure on some rows tells of those rows",
    ),
    difference(
        "calculations with TINYINT, SMALLINT and INT",
        "fail where the result does not fit the narrow type",
        "the result, as a BIGINT",
        "there is one type of whole number, so that no two ever have to be converted",
    ),
    difference(
        "a sum of whole numbers whose parts overflow on the way",
        "the sum, if it fits itself",
        "NULL, if the engine meets the parts in such an order; the sum, among other people's rows",
        "a sum that is tried gives up at the first overflow; exact sums cost several times as much, and are what rows \
         among others' need",
    ),
    difference(
        "sums and means of decimals of more than 28 digits among other people's rows",
        "the sum or mean",
        "NULL, if the largest of them as often as there are any would not fit",
        "whether a part of it overflows depends on the order, and so on where others' rows lie",
    ),
    difference(
        "sums and means of doubles among other people's rows",
        "of as many digits as doubles have",
        "exact to the thirtieth digit after the point; NULL with a finite value from 1e27 on",
        "they are added up as decimals, for the last digits of a sum of doubles depend on the order",
    ),
    difference(
        "stddev, variance, covariance and corr among other people's rows, where no window orders them",
        "the value",
        "refused",
        "there is no form of it that every engine has and that does not depend on the order",
    ),
    difference(
        "sums and multiplications of decimals whose types together have more than 38 digits",
        "the result, or a failure where it does not fit",
        "NULL where an operand needs more digits before the point than leave place for every result",
        "no operator may overflow, and not every engine has operators on decimals that try",
    ),
    difference(
        "comparisons of decimals whose types together have more than 38 digits",
        "exact, or a failure",
        "to the digits after the point that are left; NULL for what needs more before it",
        "the engine would convert both to a type that does not hold every value, and fail",
    ),
    difference(
        "means of decimals of more than 34 digits",
        "the mean",
        "NULL where it needs more digits before the point than the type of the mean has",
        "the engine gives a mean four more digits after the point, and takes them from those before",
    ),
    difference(
        "multiplied decimals",
        "every digit after the point, or a failure",
        "digits after the point give way to those before it, down to six",
        "the engine's own rule for types of more than 38 digits",
    ),
    difference(
        "a scalar subquery that gives several rows",
        "the statement fails",
        "NULL",
        "how many rows there are depends on the data",
    ),
    difference(
        "text that is read as a number, a truth, a date or a time",
        "Arrow's spellings",
        "the engine's, which takes `1.5d`, `2026-3-5`, `2026-03` and `t` too",
        "each engine reads text in its own way",
    ),
    difference(
        "CEIL and FLOOR of doubles from 9.2e18 on, and of no number",
        "the statement fails",
        "NULL",
        "the engine would give the largest whole number",
    ),
    difference(
        "make_date of years that have not four digits",
        "the date",
        "NULL",
        "the engine's own function fails on a day that is not there, and one that tries is not everywhere",
    ),
    difference(
        "times outside of the years from -290308 to 294247, dates outside of 32 bits",
        "a failure",
        "NULL, or for dates moved by days a date that has wrapped round",
        "adding days to a date wraps round on the engine; it does not fail",
    ),
    difference(
        "frames by a distance (RANGE BETWEEN INTERVAL ..) over times outside of four-digit years",
        "by their value",
        "as NULL",
        "the engine fails when it adds a distance to a time that is too far away",
    ),
    difference(
        "decimals as text where ANSI mode is off",
        "in decimal notation",
        "very small ones with an exponent",
        "the engine's own cast; in ANSI mode it writes decimal notation",
    ),
    difference(
        "the lower end of a bucket of negative decimals of 38 digits",
        "the lower end, or the smallest decimal",
        "NULL where it has 38 digits",
        "no subtraction may overflow",
    ),
    difference(
        "texts put together in an order of two ways, percentiles and medians with DISTINCT",
        "a value",
        "refused",
        "there is no form of it that every engine has",
    ),
    difference(
        "corr over a window",
        "a value",
        "refused",
        "the engine's own fails on constant values in one of its versions, and is put together of parts",
    ),
    difference(
        "frames by a distance of numbers, or from one unit to another",
        "a value",
        "refused",
        "to add a distance to the largest number fails",
    ),
];

#[cfg(test)]
mod tests {
    use super::DIFFERENCES;

    #[test]
    fn each_difference_is_listed_once_and_says_why() {
        for (at, one) in DIFFERENCES.iter().enumerate() {
            assert!(!one.reason.is_empty() && one.embedded != one.here, "{}", one.what);
            assert!(DIFFERENCES.iter().skip(at + 1).all(|other| other.what != one.what), "{}", one.what);
        }
    }
}
