//! Rules of the guard one by one: what each refuses, in its own words, so that no other rule stands in for it.

use super::guard;

fn list(times: usize, separator: &str, part: &str) -> String {
    vec![part; times].join(separator)
}

/// Drafts, and what is said of each.
fn refusals() -> Vec<(String, &'static str)> {
    let drafts = [
        ("SELECT count(*) FILTER (WHERE sum(trip_id) > 1) AS n FROM trips", "in FILTER"),
        ("SELECT sum(trip_id) FILTER (WHERE rank() OVER (ORDER BY day) > 1) AS n FROM trips", "in FILTER"),
        ("SELECT lag(trip_id, trip_id) OVER (ORDER BY day) AS x FROM trips", "count of rows"),
        ("SELECT lead(trip_id, 10001) OVER (ORDER BY day) AS x FROM trips", "count of rows"),
        ("SELECT ntile(passengers) OVER (ORDER BY day) AS x FROM trips", "count of rows"),
        ("SELECT ntile(0) OVER (ORDER BY day) AS x FROM trips", "count of rows"),
        ("SELECT left(note, passengers) AS x FROM trips", "count of letters"),
        ("SELECT right(note, -1) AS x FROM trips", "count of letters"),
        ("SELECT round(revenue, passengers) AS x FROM trips", "computed digits"),
        ("SELECT trip_id FROM trips WHERE trip_id IN (route_id)", "IN with something other than literals"),
        ("SELECT trip_id FROM trips WHERE trip_id IN (1, 1 + 1)", "IN with something other than literals"),
        ("SELECT CAST(note AS DATE FORMAT 'YYYY') AS x FROM trips", "with a format"),
        ("SELECT count(*) AS n FROM trips GROUP BY ALL", "GROUP BY ALL"),
        ("SELECT count(*) AS n FROM trips GROUP BY sum(trip_id)", "in GROUP BY"),
        ("SELECT count(*) AS n FROM trips GROUP BY rank() OVER (ORDER BY day)", "in GROUP BY"),
        ("SELECT trip_id FROM trips WHERE day = DATE 'yesterday'", "ISO 8601"),
        ("SELECT trip_id FROM trips WHERE day = DATE '2026-01-01x'", "ISO 8601"),
        (
            "SELECT trip_id FROM trips UNION SELECT trip_id FROM fares ORDER BY trip_id + 1",
            "ORDER BY something other",
        ),
        ("SELECT x.a FROM (SELECT trip_id, day FROM trips) x (a)", "another number of columns"),
        ("SELECT x.a FROM (SELECT trip_id, day FROM trips) x (a, A)", "two output columns"),
        (
            "SELECT sum(trip_id) + rank() OVER (ORDER BY sum(trip_id)) AS x FROM trips",
            "over a total without GROUP BY",
        ),
        ("SELECT *", "`*` without a relation"),
        ("SELECT fares.* FROM trips", "`fares`"),
    ];
    let mut drafts: Vec<(String, &str)> =
        drafts.into_iter().map(|(draft, says)| (draft.to_owned(), says)).collect();
    drafts.push((format!("SELECT {} AS x FROM trips", list(202, " || ", "note")), "operators in a row"));
    let columns: Vec<String> = (0..257).map(|n| format!("{n} + trip_id AS c{n}")).collect();
    drafts.push((format!("SELECT {} FROM trips", columns.join(", ")), "more than 256 columns"));
    let relations: Vec<String> = (0..10).map(|n| format!("trips t{n}")).collect();
    let ties: Vec<String> = (1..10).map(|n| format!("t0.trip_id = t{n}.trip_id")).collect();
    let commas = format!("SELECT t0.day FROM {} WHERE {}", relations.join(", "), ties.join(" AND "));
    drafts.push((commas, "more than 8 joins"));
    drafts.push((format!("SELECT {}1 FROM trips", list(3_001, "", "1,")), "tokens"));
    let deep = |inner: &str| format!("{}{inner}{}", "abs(".repeat(18), ")".repeat(18));
    let names = format!("SELECT {} AS x, {} AS y FROM trips", deep("trip_id"), deep("x"));
    drafts.push((names, "deeper than 32 levels"));
    let wide: Vec<String> = (0..129).map(|n| format!("trip_id AS w{n}")).collect();
    let ranks =
        format!("SELECT row_number() OVER (ORDER BY w0) AS r FROM (SELECT {} FROM trips) w", wide.join(", "));
    drafts.push((ranks, "too many columns"));
    drafts
}

#[test]
fn every_rule_refuses_what_it_is_there_for_in_its_own_words() {
    let mut wrong = Vec::new();
    for (draft, says) in refusals() {
        match guard(&draft) {
            Ok(query) => wrong.push(format!("accepted {draft:.120} as {}", query.query())),
            Err(error) if error.to_string().contains(says) => {}
            Err(error) => wrong.push(format!("{draft:.120}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
