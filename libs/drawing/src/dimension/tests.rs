use super::*;

fn dimension(grain: Option<Grain>, data_type: DataType, cells: &[Cell]) -> Dimension {
    Dimension::of("When", grain, data_type, &cells.iter().collect::<Vec<_>>())
}

fn names(grain: Option<Grain>, texts: &[&str]) -> Vec<String> {
    let cells: Vec<Cell> = texts.iter().map(|text| Cell::Timestamp((*text).to_owned())).collect();
    dimension(grain, DataType::Timestamp, &cells).places.into_iter().map(|place| place.name).collect()
}

#[test]
fn a_date_is_named_by_the_unit_that_it_starts() {
    let date = "2031-10-01T00:00:00";
    for (grain, name) in [
        (Grain::Day, "2031-10-01"),
        (Grain::Week, "2031-10-01"),
        (Grain::Month, "2031-10"),
        (Grain::Quarter, "2031 Q4"),
        (Grain::Year, date),
    ] {
        assert_eq!(names(Some(grain), &[date]), [name]);
    }
    assert_eq!(names(Some(Grain::Year), &["2031-01-01"]), ["2031"]);
    assert_eq!(names(None, &[date]), [date]);
    assert_eq!(names(Some(Grain::Month), &[date, "2031-10-02"]), [date, "2031-10-02"]);
}

#[test]
fn rows_without_a_value_have_a_name_that_no_value_has() {
    let name = |texts: &[&str]| {
        let mut cells: Vec<Cell> = texts.iter().map(|text| Cell::Text((*text).to_owned())).collect();
        cells.push(Cell::Null);
        dimension(None, DataType::String, &cells).places.last().unwrap().name.clone()
    };
    assert_eq!(name(&["a"]), "(none)");
    assert_eq!(name(&["(none)", "((none))"]), "(((none)))");
}

#[test]
fn values_that_differ_only_in_what_cannot_be_shown_are_one_place() {
    let cells = ["a\u{1b}", "a\u{7}", "a"].map(|text| Cell::Text(text.to_owned()));
    let dimension = dimension(None, DataType::String, &cells);
    assert_eq!((dimension.places[0].name.as_str(), dimension.of_rows), ("a\u{fffd}", vec![0, 0, 1]));
}

#[test]
fn places_stand_in_the_order_of_the_table_each_once() {
    let cells = ["b", "a", "b", "c"].map(|text| Cell::Text(text.to_owned()));
    let dimension = dimension(None, DataType::String, &cells);
    let names: Vec<&str> = dimension.places.iter().map(|place| place.name.as_str()).collect();
    assert_eq!((names, dimension.of_rows), (vec!["b", "a", "c"], vec![0, 1, 0, 2]));
}

#[test]
fn time_is_what_is_a_moment_throughout_and_of_one_kind() {
    let is_time = |data_type, texts: &[Option<&str>]| {
        let cell = |text: &Option<&str>| text.map_or(Cell::Null, |text| Cell::Date(text.to_owned()));
        dimension(None, data_type, &texts.iter().map(cell).collect::<Vec<_>>()).is_time
    };
    assert!(is_time(DataType::Date, &[Some("2031-02-03"), Some("2031-02-04")]));
    assert!(!is_time(DataType::String, &[Some("2031-02-03"), Some("2031-02-04")]));
    assert!(!is_time(DataType::Date, &[Some("2031-02-03"), None]));
    assert!(!is_time(DataType::Date, &[Some("2031-02-03"), Some("soon")]));
    assert!(!is_time(DataType::TimestampTz, &[Some("2031-02-03T00:00:00Z"), Some("2031-02-03T00:00:00")]));
}

#[test]
fn values_of_other_kinds_are_named_as_they_are() {
    let cells =
        [Cell::Integer(-7), Cell::Decimal("1.50".parse().unwrap()), Cell::Float(0.5), Cell::Boolean(true)];
    let names: Vec<String> =
        dimension(None, DataType::String, &cells).places.into_iter().map(|place| place.name).collect();
    assert_eq!(names, ["-7", "1.50", "0.5", "true"]);
}
