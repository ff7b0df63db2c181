//! The scope on its own: keys that look alike stay apart, and pruning never loses a row.

use super::extent::meets;
use super::*;
use arrow::array::{Int32Array, RecordBatch, StringDictionaryBuilder};
use arrow::datatypes::Int32Type;
use proptest::prelude::*;

fn text(text: &str) -> ScopeValue {
    ScopeValue::Text(text.to_owned())
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn kept(columns: &[(&str, ArrayRef)], tuples: &[Vec<ScopeValue>]) -> Vec<bool> {
    let batch =
        RecordBatch::try_from_iter(columns.iter().map(|(name, array)| (*name, Arc::clone(array)))).unwrap();
    let keys = KeySet::of_tuples(&names(&columns.iter().map(|(name, _)| *name).collect::<Vec<_>>()), tuples);
    let bound = Keys::new(vec![keys])
        .bind_within(&[], |name| batch.schema().field_with_name(name).ok().map(|f| f.data_type().clone()));
    bound.unwrap()[0].matches(&batch).unwrap().iter().map(|kept| kept.unwrap()).collect()
}

fn strings(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(values.iter().collect::<StringArray>())
}

#[test]
fn keys_that_look_alike_stay_apart() {
    let values = [
        Some("001"),
        Some("1"),
        Some("001 "),
        Some(" 001"),
        Some("０01"),
        Some(""),
        None,
        Some("A"),
        Some("a"),
        Some("Å"),
        Some("A\u{30a}"),
    ];
    let only = |wanted: &str| -> Vec<Option<&str>> {
        let kept = kept(&[("k", strings(&values))], &[vec![text(wanted)]]);
        values.iter().zip(kept).filter(|(_, kept)| *kept).map(|(value, _)| *value).collect()
    };
    for wanted in ["001", "1", "001 ", "", "A", "a", "Å", "A\u{30a}"] {
        assert_eq!(only(wanted), [Some(wanted)]);
    }
}

#[test]
fn the_same_location_id_of_another_tenant_is_another_key() {
    let tenants = strings(&[Some("t1"), Some("t2"), Some("t1"), Some("t2"), Some("t1"), None]);
    let places = strings(&[Some("7"), Some("7"), Some("8"), Some("8"), None, Some("7")]);
    let tuples = [vec![text("t1"), text("7")], vec![text("t2"), text("8")]];
    assert_eq!(kept(&[("t", tenants), ("p", places)], &tuples), [true, false, false, true, false, false]);
}

#[test]
fn nothing_granted_is_nothing_kept() {
    assert_eq!(kept(&[("k", strings(&[Some("a"), None, Some("")]))], &[]), [false, false, false]);
}

#[test]
fn a_text_equals_a_number_or_a_date_in_its_one_spelling_alone() {
    let numbers: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), Some(10), None]));
    let days: ArrayRef = Arc::new(Date32Array::from(vec![Some(20_000), None]));
    assert_eq!(kept(&[("n", Arc::clone(&numbers))], &[vec![text("1")]]), [true, false, false]);
    assert_eq!(kept(&[("n", Arc::clone(&numbers))], &[vec![ScopeValue::Integer(10)]]), [false, true, false]);
    for wrong in ["01", "+1", " 1", "1 ", "1.0", "1e0", ""] {
        assert_eq!(
            kept(&[("n", Arc::clone(&numbers))], &[vec![text(wrong)]]),
            [false, false, false],
            "{wrong:?}"
        );
    }
    assert_eq!(
        kept(&[("d", Arc::clone(&days))], &[vec![ScopeValue::Date("2024-10-04".to_owned())]]),
        [true, false]
    );
    assert_eq!(kept(&[("d", days)], &[vec![text("2024-10-4")]]), [false, false]);
    assert_eq!(
        kept(&[("k", strings(&[Some("01"), Some("1")]))], &[vec![ScopeValue::Integer(1)]]),
        [false, true]
    );
}

#[test]
fn a_dictionary_is_compared_as_the_text_it_stands_for() {
    let mut builder = StringDictionaryBuilder::<Int32Type>::new();
    for value in [Some("a"), Some("b"), None, Some("a")] {
        builder.append_option(value);
    }
    let array: ArrayRef = Arc::new(builder.finish());
    assert_eq!(kept(&[("k", array)], &[vec![text("a")]]), [true, false, false, true]);
}

#[test]
fn a_key_of_a_type_that_has_no_one_spelling_is_refused() {
    let keys = KeySet::of_tuples(&names(&["k"]), &[vec![text("1.0")]]);
    assert!(Keys::new(vec![keys.clone()]).bind_within(&[], |_| Some(DataType::Float64)).is_err());
    assert!(Keys::new(vec![keys]).bind_within(&[], |_| None).is_err());
}

#[test]
fn sets_of_other_sources_hold_their_distinct_whole_tuples() {
    let mut tuples = TupleCollector::default();
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(2), Some(1), Some(2), None]));
    let texts = strings(&[Some("b"), Some("a"), Some("b"), Some("c")]);
    tuples.add(&[Arc::clone(&numbers), Arc::clone(&texts)]).unwrap();
    assert!(tuples.add(&[texts, numbers]).is_err(), "types of keys differ");
    let set = tuples.finish(names(&["n", "t"])).unwrap();
    let (n, t) = (set.values[0].as_primitive::<Int64Type>(), set.values[1].as_string::<i32>());
    assert_eq!((n.values().to_vec(), t.iter().flatten().collect::<Vec<_>>()), (vec![1, 2], vec!["a", "b"]));
}

#[test]
fn folders_of_other_values_are_not_opened() {
    let mut keys =
        Keys::new(vec![KeySet::of_tuples(&names(&["tenant", "place"]), &[vec![text("t1"), text("7")]])]);
    let partition = |name: &str, value: Option<&str>| vec![(name.to_owned(), value.map(str::to_owned))];
    assert!(keys.may_hold_file(&partition("tenant", Some("t1"))).unwrap());
    assert!(keys.may_hold_file(&partition("other", Some("x"))).unwrap());
    for other in [Some("t2"), Some("T1"), Some("t1 "), None] {
        assert!(!keys.may_hold_file(&partition("tenant", other)).unwrap(), "{other:?}");
    }
}

proptest! {
    // Against the definition: a set meets a range when one of its members is in it.
    #[test]
    fn pruning_by_range_never_loses_a_value(values in proptest::collection::vec(-50_i64..50, 0..20), a in -60_i64..60, b in -60_i64..60) {
        let (min, max) = (a.min(b), a.max(b));
        let expected = values.iter().any(|value| (min..=max).contains(value));
        prop_assert_eq!(meets(&sorted(values.into_iter()), &min, &max), expected);
    }
}
