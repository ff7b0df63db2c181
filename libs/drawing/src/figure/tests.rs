use super::*;
use proptest::prelude::*;

fn exact(text: &str) -> Figure {
    Figure::Exact(text.parse().unwrap())
}

fn written(texts: &[&str]) -> Vec<String> {
    let figures: Vec<Figure> = texts.iter().map(|text| exact(text)).collect();
    let digits = Digits::of(figures.iter().copied());
    figures.into_iter().map(|figure| figure.written(digits)).collect()
}

#[test]
fn numbers_of_a_drawing_have_the_same_digits_after_the_point() {
    assert_eq!(written(&["84000.50", "-1200.25", "0.004"]), ["84,000.50", "-1,200.25", "0.00"]);
    assert_eq!(written(&["1234567", "10.00"]), ["1,234,567", "10"]);
    assert_eq!(written(&["1.23456", "2"]), ["1.2346", "2.0000"]);
    assert_eq!(written(&["0.000012", "0"]), ["0.000012", "0.000000"]);
    assert_eq!(written(&["-999", "100", "1000"]), ["-999", "100", "1,000"]);
}

#[test]
fn numbers_too_long_to_read_have_an_exponent() {
    assert_eq!(written(&["123456789012345678901234567890"]), ["1.235e29"]);
    let wide = Figure::Double(-1e300);
    assert_eq!(wide.written(Digits::of([wide].into_iter())), "-1.000e300");
}

#[test]
fn doubles_are_written_as_decimals_are() {
    let figures = [Figure::Double(0.1 + 0.2), Figure::Double(2.0)];
    let digits = Digits::of(figures.into_iter());
    assert_eq!(figures.map(|figure| figure.written(digits)), ["0.3", "2.0"]);
}

#[test]
fn a_cell_is_a_number_or_nothing_or_neither() {
    assert_eq!(Figure::of(&Cell::Integer(-7)).unwrap(), Some(exact("-7")));
    assert_eq!(Figure::of(&Cell::Null).unwrap(), None);
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(Figure::of(&Cell::Float(value)).unwrap(), None);
    }
    for cell in [Cell::Text("7".into()), Cell::Boolean(true), Cell::Date("2031-02-03".into())] {
        assert!(Figure::of(&cell).is_err(), "{cell:?}");
    }
}

proptest! {
    #[test]
    fn whole_numbers_are_exact_in_json_and_others_the_nearest_double(unscaled in any::<i64>(), scale in 0_u8..12) {
        let value = Decimal::new(unscaled.into(), scale).unwrap();
        let json = serde_json::to_string(&Figure::Exact(value).json()).unwrap();
        // The digits themselves where they are whole; the standard library's reading where they are not.
        let text = value.to_string();
        match text.trim_end_matches('0').strip_suffix('.') {
            Some(whole) => prop_assert_eq!(json, whole),
            None if scale == 0 => prop_assert_eq!(json, text),
            None => prop_assert_eq!(json.parse::<f64>().unwrap(), text.parse::<f64>().unwrap()),
        }
    }

    #[test]
    fn what_is_written_is_the_number_to_the_digits_that_are_shown(unscaled in -10_i64.pow(14)..10_i64.pow(14), scale in 0_u8..6) {
        let value = Decimal::new(unscaled.into(), scale).unwrap();
        let figure = Figure::Exact(value);
        let digits = Digits::of([figure].into_iter());
        let read: f64 = figure.written(digits).replace(',', "").parse().unwrap();
        let number: f64 = value.to_string().parse().unwrap();
        let step = if number.abs() >= 100.0 { 0.005 } else { 0.000_051 };
        prop_assert!((read - number).abs() <= step + number.abs() * 1e-12, "{number} as {read}");
    }
}
