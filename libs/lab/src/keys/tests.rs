use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[test]
fn only_the_one_spelling_of_a_number_is_kept_as_a_number() {
    for (text, expected) in
        [("0", Some(0)), ("17", Some(17)), ("9999999999999999999", Some(9_999_999_999_999_999_999))]
    {
        assert_eq!(whole(text), expected, "{text}");
    }
    for text in ["", "00", "01", "-1", "+1", "1 ", " 1", "1.0", "١", "99999999999999999999"] {
        assert_eq!(whole(text), None, "{text}");
    }
}

#[test]
fn halves_undo_a_pair() {
    for (left, right) in [(0, 0), (1, 2), (NONE, 0), (0, NONE), (NONE, NONE)] {
        assert_eq!(halves(pair(left, right)), (left, right));
    }
}

/// A tuple and the admin who sees it.
type Row = (Vec<Option<String>>, u32);

fn text() -> impl Strategy<Value = Option<String>> {
    prop::sample::select(vec![
        None,
        Some(""),
        Some("1"),
        Some("01"),
        Some("a"),
        Some("ab"),
        Some("b"),
        Some("0"),
    ])
    .prop_map(|text| text.map(str::to_owned))
}

fn batches() -> impl Strategy<Value = (usize, Vec<Vec<Row>>)> {
    (1_usize..4).prop_flat_map(|width| {
        let row = (prop::collection::vec(text(), width), 0_u32..5);
        (Just(width), prop::collection::vec(prop::collection::vec(row, 0..12), 1..4))
    })
}

fn batch(width: usize, rows: &[Row]) -> Batch {
    let column = |at: usize| TextColumn::of(rows.iter().map(|(row, _)| row[at].as_deref())).unwrap();
    Batch::new((0..width).map(column).collect(), rows.len()).unwrap()
}

proptest! {
    // The oracle is a map of tuples to lists.
    #[test]
    fn a_row_is_classed_as_whoever_saw_its_tuple_before((width, batches) in batches()) {
        let mut sets = Sets::new(5);
        let single: Vec<SetId> = (0..5).map(|admin| sets.intern(&[admin])).collect();
        let positions: Vec<usize> = (0..width).collect();
        let mut numbering = Numbering::new(positions.clone());
        let mut building = Building::default();
        let mut oracle: BTreeMap<&[Option<String>], BTreeMap<u32, ()>> = BTreeMap::new();
        for rows in &batches {
            // Admin 4 stands for nobody.
            let seen: Vec<SetId> =
                rows.iter().map(|(_, admin)| if *admin == 4 { NOBODY } else { single[at(*admin)] }).collect();
for (number, set) in numbering.read(&batch(width, rows), &[&seen]).iter().zip(&seen) {
                building.add(*number, *set);
            }
            for (row, admin) in rows.iter().filter(|(_, admin)| *admin != 4) {
                oracle.entry(row).or_default().insert(*admin, ());
            }
        }
        let lookup = building.finish(numbering.finish(), &mut sets);
        for rows in &batches {
            let mut out = Vec::new();
            lookup.classify(&batch(width, rows), &positions, &mut out);
            prop_assert_eq!(out.len(), rows.len());
            for ((row, _), set) in rows.iter().zip(out) {
                let whole = row.iter().all(Option::is_some);
                let expected: Vec<u32> = oracle
                    .get(row.as_slice())
                    .filter(|_| whole)
                    .map(|admins| admins.keys().copied().collect())
                    .unwrap_or_default();
                prop_assert_eq!(sets.admins(set), expected.as_slice());
                if whole {
                    prop_assert_eq!(lookup.find(row.iter().flatten().map(String::as_str)), set);
                }
            }
        }
    }
}
