use super::*;
use arrow::array::{Array, Decimal128Array, Float32Array, Float64Array, Int32Array, Int64Array};
use arrow::datatypes::{Decimal128Type, Field, Int64Type};
use datafusion::common::ScalarValue;
use proptest::prelude::*;

/// As a child rounds on paper: the number written out, cut behind a place, one more at that place if a five or more was
/// behind it.
fn on_paper(value: f64, digits: i32) -> f64 {
    let text = value.abs().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let written: Vec<u8> = whole.bytes().chain(fraction.bytes()).map(|digit| digit - b'0').collect();
    let kept = i64::try_from(whole.len()).unwrap() + i64::from(digits);
    if kept >= i64::try_from(written.len()).unwrap() {
        return value;
    }
    let Ok(kept) = usize::try_from(kept) else { return 0.0 };
    let mut result = vec![0];
    result.extend(&written[..kept]);
    if written[kept] >= 5 {
        let mut at = kept;
        while result[at] == 9 {
            result[at] = 0;
            at -= 1;
        }
        result[at] += 1;
    }
    result.resize(result.len().max(whole.len() + 1), 0);
    let mut text: String = result.into_iter().map(|digit| char::from(b'0' + digit)).collect();
    text.insert(whole.len() + 1, '.');
    let size: f64 = text.parse().unwrap();
    if value < 0.0 { -size } else { size }
}

/// Doubles of any bits, decimals with a five at their end, and the doubles beside those.
fn numbers() -> impl Strategy<Value = f64> {
    let decimals = (any::<i32>(), 0..12_u32, 0..3_u8).prop_map(|(units, places, beside)| {
        let value: f64 = format!("{units}5e-{places}").parse().unwrap();
        match beside {
            0 => value,
            1 => value.next_up(),
            _ => value.next_down(),
        }
    });
    let quotients = (any::<i16>(), 1..3_000_i32).prop_map(|(over, under)| f64::from(over) / f64::from(under));
    prop_oneof![any::<f64>(), decimals, quotients]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn doubles_are_rounded_as_on_paper(value in numbers(), digits in -25..30_i32) {
        let expected = if value.is_finite() { on_paper(value, digits) } else { value };
        let found = double(value, digits);
        prop_assert!(found == expected || (found.is_nan() && expected.is_nan()), "{value:e} {digits}: {found:e}, not {expected:e}");
    }

    #[test]
    fn where_the_short_way_answers_it_is_the_long_way(value in numbers(), digits in -25..30_i32) {
        if let Some(short) = scaled(value, digits) {
            let long = spelled(value, digits).map_or(value, |text| text.parse().unwrap());
            prop_assert_eq!(short, long, "{:e} {}", value, digits);
        }
    }

    #[test]
    fn a_larger_number_is_never_rounded_to_less(value in numbers(), digits in -25..30_i32) {
        prop_assume!(value.is_finite());
        prop_assert!(double(value.next_down(), digits) <= double(value, digits), "{value:e} {digits}");
    }
}

/// Read off Apache Spark 4.2.1.
#[test]
fn halves_of_the_spelling_go_away_from_zero() {
    for (value, digits, expected) in [
        (1.005, 2, 1.01),
        (-1.005, 2, -1.01),
        (2.675, 2, 2.68),
        (0.285, 2, 0.29),
        (0.1 + 0.2, 16, 0.3),
        (25.0, -1, 30.0),
        (-25.0, -1, -30.0),
        (5.0, -1, 10.0),
        (5.0, -2, 0.0),
        (50.0, -2, 100.0),
        (4.9, -1, 0.0),
        (0.5, 0, 1.0),
        (1e-10, 2, 0.0),
        (1e300, 310, 1e300),
        (1.5, 400, 1.5),
        (1.7e308, -308, f64::INFINITY),
        (9_007_199_254_740_993.0, -1, 9_007_199_254_740_990.0),
        (f64::INFINITY, 2, f64::INFINITY),
        (f64::NEG_INFINITY, -2, f64::NEG_INFINITY),
        (1.5, i32::MAX, 1.5),
        (1.5, i32::MIN, 0.0),
    ] {
        assert_eq!(double(value, digits), expected, "{value} {digits}");
    }
    assert!(double(f64::NAN, 2).is_nan());
    for (value, digits) in [(-0.001, 2), (-0.0, 0), (-0.0, 400), (-4.0, -30)] {
        assert!(double(value, digits).is_sign_positive(), "{value} {digits}");
    }
    // As doubles these floats are 1.00499999523162841796875 and 0.284999996423721313.
    for (value, digits, expected) in [
        (1.005_f32, 2, 1.0),
        (0.285, 2, 0.28),
        (2.5, 0, 3.0),
        (-2.5, 0, -3.0),
        (25.0, -1, 30.0),
        (0.1, 20, 0.1),
    ] {
        assert_eq!(float(value, digits), expected, "{value} {digits}");
    }
    assert!(float(f32::NAN, 2).is_nan() && float(f32::NEG_INFINITY, 2) == f32::NEG_INFINITY);
}

fn call(
    function: &dyn Fn(ScalarFunctionArgs) -> Result<ColumnarValue>,
    args: &[ColumnarValue],
) -> ColumnarValue {
    let types = args.iter().map(ColumnarValue::data_type);
    let arg_fields: Vec<FieldRef> = types.map(|kind| Arc::new(Field::new("x", kind, true))).collect();
    let literals: Vec<_> = args
        .iter()
        .map(|value| match value {
            ColumnarValue::Scalar(value) => Some(value),
            ColumnarValue::Array(_) => None,
        })
        .collect();
    let typing = ReturnFieldArgs { arg_fields: &arg_fields, scalar_arguments: &literals };
    let return_field = Round::new().return_field_from_args(typing).unwrap();
    let number_rows = args.iter().find_map(|value| match value {
        ColumnarValue::Array(values) => Some(values.len()),
        ColumnarValue::Scalar(_) => None,
    });
    let config_options = Arc::default();
    let number_rows = number_rows.unwrap_or(1);
    function(ScalarFunctionArgs {
        args: args.to_vec(),
        arg_fields,
        number_rows,
        return_field,
        config_options,
    })
    .unwrap()
}

fn ours(args: &[ColumnarValue]) -> ArrayRef {
    call(&|args| Round::new().invoke_with_args(args), args).into_array(1).unwrap()
}

#[test]
fn null_stays_null_and_digits_may_differ_by_row() {
    let values: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.005), None, Some(2.675), Some(25.0)]));
    let digits: ArrayRef = Arc::new(Int32Array::from(vec![Some(2), Some(2), None, Some(-1)]));
    let found = ours(&[ColumnarValue::Array(Arc::clone(&values)), ColumnarValue::Array(digits)]);
    assert_eq!(
        found.as_primitive::<Float64Type>(),
        &Float64Array::from(vec![Some(1.01), None, None, Some(30.0)])
    );
    let two = ColumnarValue::Scalar(ScalarValue::Int32(Some(2)));
    let found = ours(&[ColumnarValue::Array(Arc::clone(&values)), two.clone()]);
    assert_eq!(
        found.as_primitive::<Float64Type>(),
        &Float64Array::from(vec![Some(1.01), None, Some(2.68), Some(25.0)])
    );
    let found = ours(&[ColumnarValue::Array(Arc::clone(&values))]);
    assert_eq!(
        found.as_primitive::<Float64Type>(),
        &Float64Array::from(vec![Some(1.0), None, Some(3.0), Some(25.0)])
    );
    let none = ColumnarValue::Scalar(ScalarValue::Int32(None));
    assert_eq!(ours(&[ColumnarValue::Array(values), none]).null_count(), 4);
    let float: ArrayRef = Arc::new(Float32Array::from(vec![Some(0.285), None]));
    let found = ours(&[ColumnarValue::Array(float), two.clone()]);
    assert_eq!(found.as_primitive::<Float32Type>(), &Float32Array::from(vec![Some(0.28), None]));
    let found = ours(&[ColumnarValue::Scalar(ScalarValue::Float64(Some(1.005))), two]);
    assert_eq!(found.as_primitive::<Float64Type>(), &Float64Array::from(vec![1.01]));
}

#[test]
fn integers_and_decimals_are_the_engines() {
    let engines = math::round();
    let decimals = Decimal128Array::from(vec![Some(1_005), None, Some(-2_675)]);
    let decimals: ArrayRef = Arc::new(decimals.with_precision_and_scale(10, 3).unwrap());
    let integers: ArrayRef = Arc::new(Int64Array::from(vec![Some(25), None, Some(-25)]));
    for values in [decimals, integers] {
        for digits in [-1, 0, 2, 5] {
            let digits = ColumnarValue::Scalar(ScalarValue::Int32(Some(digits)));
            let args = [ColumnarValue::Array(Arc::clone(&values)), digits];
            let theirs = call(&|args| engines.invoke_with_args(args), &args).into_array(3).unwrap();
            assert_eq!(&ours(&args), &theirs);
        }
    }
    let two = ColumnarValue::Scalar(ScalarValue::Int32(Some(2)));
    let decimal = ColumnarValue::Scalar(ScalarValue::Decimal128(Some(1_005), 10, 3));
    assert_eq!(ours(&[decimal, two]).as_primitive::<Decimal128Type>().value(0), 101);
    let tens = ColumnarValue::Scalar(ScalarValue::Int32(Some(-1)));
    let integer = ColumnarValue::Scalar(ScalarValue::Int64(Some(25)));
    assert_eq!(ours(&[integer, tens]).as_primitive::<Int64Type>().value(0), 30);
}
