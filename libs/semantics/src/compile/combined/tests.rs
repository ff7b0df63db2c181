use crate::compile::tests::{bound, error, filter, period, plain, sql};
use crate::fixtures::dimension;
use crate::{Bound, CompileError, Filter, Grain, Interpretation, Order, Period, Threshold};
use jiff::civil::date;

fn before() -> Period {
    let at = |month, day| date(2021, month, day).at(0, 0, 0, 0);
    Period { from: at(1, 1), to: at(5, 1), ..period() }
}

fn both() -> Interpretation {
    Interpretation { metrics: vec!["total_fees".to_owned(), "fines_charged".to_owned()], ..plain("") }
}

#[test]
fn each_dataset_is_added_up_by_itself_so_that_one_never_multiplies_the_other() {
    let by_town = Interpretation { dimensions: vec![dimension("members.town", None)], ..both() };
    assert_eq!(
        sql(&by_town, &[]),
        "SELECT town, max(part_0) AS total_fees, max(part_1) AS fines_charged FROM (\
         SELECT members.town AS town, SUM(loans.fee) AS part_0, NULL AS part_1 \
         FROM loans LEFT JOIN members ON loans.member_id = members.member_id GROUP BY members.town \
         UNION ALL \
         SELECT members.town AS town, NULL AS part_0, SUM(fines.amount) AS part_1 \
         FROM fines LEFT JOIN loans ON fines.loan_id = loans.loan_id \
         LEFT JOIN members ON loans.member_id = members.member_id GROUP BY members.town\
         ) AS parts GROUP BY town ORDER BY town ASC NULLS LAST, total_fees ASC NULLS LAST, fines_charged ASC NULLS LAST"
    );
    let (from, to) = ("loans".to_owned(), "fines".to_owned());
    let by_fine = Interpretation { dimensions: vec![dimension("fines.channel", None)], ..both() };
    assert_eq!(error(&by_fine, &[]), CompileError::NoPath { from, to });
}

#[test]
fn a_comparison_adds_both_periods_up_and_says_what_lies_between() {
    let compared =
        Interpretation { period: Some(period()), comparison: Some(before()), ..plain("loan_count") };
    assert_eq!(
        sql(&compared, &[]),
        "SELECT loan_count, loan_count_before, loan_count - loan_count_before AS loan_count_change, \
         round(CAST(loan_count - loan_count_before AS DOUBLE) * 100 / nullif(CAST(abs(loan_count_before) AS DOUBLE), 0), 2) AS loan_count_growth \
         FROM (SELECT coalesce(max(part_0), 0) AS loan_count, coalesce(max(part_1), 0) AS loan_count_before FROM (\
         SELECT COUNT(DISTINCT loans.loan_id) AS part_0, NULL AS part_1 FROM loans \
         WHERE loans.borrowed_at >= TIMESTAMP '2021-05-01 00:00:00' AND loans.borrowed_at < TIMESTAMP '2021-08-31 00:00:00' \
         UNION ALL \
         SELECT NULL AS part_0, COUNT(DISTINCT loans.loan_id) AS part_1 FROM loans \
         WHERE loans.borrowed_at >= TIMESTAMP '2021-01-01 00:00:00' AND loans.borrowed_at < TIMESTAMP '2021-05-01 00:00:00'\
         ) AS parts) AS figures"
    );
}

#[test]
fn months_of_the_period_before_stand_beside_those_of_the_period() {
    let by = |grain| Interpretation {
        period: Some(period()),
        comparison: Some(before()),
        dimensions: vec![dimension("loans.borrowed_at", Some(grain))],
        ..plain("total_fees")
    };
    let text = sql(&by(Grain::Month), &[]);
    assert!(
        text.contains(
            "SELECT date_trunc('MONTH', loans.borrowed_at) AS borrowed_at_month, SUM(loans.fee) AS part_0"
        ),
        "{text}"
    );
    assert!(text.contains("GROUP BY date_trunc('MONTH', add_months(loans.borrowed_at, 4))"), "{text}");
    assert_eq!(error(&by(Grain::Quarter), &[]), CompileError::Unaligned("borrowed_at".to_owned()));
}

#[test]
fn bounds_and_shares_are_taken_before_rows_are_cut() {
    let threshold =
        |by: &str, bound, value: &str| Threshold { by: by.to_owned(), bound, value: value.to_owned() };
    let chosen = Interpretation {
        dimensions: vec![dimension("loans.channel", None)],
        shares: true,
        thresholds: vec![
            threshold("total_fees", Bound::MoreThan, "100.5"),
            threshold("total_fees_share", Bound::AtMost, "-3"),
        ],
        order: vec![Order { by: "total_fees_share".to_owned(), descending: true }],
        limit: Some(3),
        ..plain("total_fees")
    };
    assert_eq!(
        sql(&chosen, &[]),
        "SELECT channel, total_fees, total_fees_share FROM (\
         SELECT channel, total_fees, round(CAST(total_fees AS DOUBLE) * 100 / nullif(sum(CAST(total_fees AS DOUBLE)) OVER (), 0), 2) AS total_fees_share \
         FROM (SELECT loans.channel AS channel, SUM(loans.fee) AS total_fees FROM loans GROUP BY loans.channel) AS figures\
         ) AS answer WHERE total_fees > 100.5 AND total_fees_share <= -3 \
         ORDER BY total_fees_share DESC NULLS LAST, channel ASC NULLS LAST, total_fees ASC NULLS LAST LIMIT 3"
    );
    let words =
        Interpretation { thresholds: vec![threshold("total_fees", Bound::AtLeast, "1 OR 1=1")], ..chosen };
    assert_eq!(error(&words, &[]), CompileError::NotANumber);
}

#[test]
fn phrases_of_one_filter_widen_one_another() {
    let two = |negated, either| Filter {
        phrases: vec!["x".to_owned(), "y".to_owned()],
        either,
        ..filter(&["loans.channel", "members.town"], negated)
    };
    let asked = |filter| Interpretation { filters: vec![filter], ..plain("total_fees") };
    let second = |name: &str| crate::BoundFilter { parameter: ":filter_0_1".to_owned(), ..bound(0, name) };
    let channels = [bound(0, "loans.channel"), second("loans.channel")];
    let text = sql(&asked(two(false, true)), &channels);
    assert!(text.ends_with("WHERE (loans.channel = :filter_0 OR loans.channel = :filter_0_1)"), "{text}");
    let text = sql(&asked(two(true, false)), &channels);
    let expected =
        "WHERE (loans.channel <> :filter_0 AND loans.channel <> :filter_0_1 OR loans.channel IS NULL)";
    assert!(text.ends_with(expected), "{text}");
    let mixed = [bound(0, "loans.channel"), second("members.town")];
    let text = sql(&asked(two(false, false)), &mixed);
    assert!(text.ends_with("WHERE loans.channel = :filter_0 AND members.town = :filter_0_1"), "{text}");
    // Rows of either of two columns are not what a filter is, and a phrase that is left out is another question.
    assert_eq!(error(&asked(two(false, true)), &mixed), CompileError::MisboundFilter(0));
    assert_eq!(error(&asked(two(false, true)), &channels[..1]), CompileError::MisboundFilter(0));
}
