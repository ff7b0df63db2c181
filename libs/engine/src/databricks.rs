//! Functions that mean something else to DataFusion than to Databricks, or that it does not have.
//!
//! Each stands under the name by which the guard calls it, in place of the engine's own. None makes text
//! much longer than its input, and none reads anything but its arguments.

use crate::calendar;
use crate::convert;
use crate::round::Round;
use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray,
};
use arrow::compute::kernels::arity::{try_unary, unary};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, TimeUnit, TimestampMicrosecondType,
};
use arrow::error::ArrowError;
use arrow::util::display::FormatOptions;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

const STRICT: CastOptions<'static> = CastOptions { safe: false, format_options: FormatOptions::new() };
const MICROSECONDS: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

/// What writes a value as text; `||` calls it for what the engine would write otherwise.
pub(crate) const TEXT: &str = "string";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Meaning {
    /// `string(x)`: a value as Databricks writes it.
    Text,
    /// `timestampdiff('unit', start, end)`.
    Elapsed,
    /// `months_between(end, start)`.
    MonthsBetween,
    /// `next_day(date, 'monday')`: the first such weekday after a date.
    NextDay,
    /// Words part at blanks alone.
    InitCap,
    /// Logarithms of what has none are NULL.
    Ln,
    Log2,
    Log10,
    /// The root of a negative number is not a number.
    SquareRoot,
    /// Whole numbers.
    Ceil,
    Floor,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Function {
    name: &'static str,
    meaning: Meaning,
    signature: Signature,
}

static FUNCTIONS: LazyLock<Vec<Arc<ScalarUDF>>> = LazyLock::new(|| {
    let function = |(name, arguments, meaning)| {
        let signature = Signature::any(arguments, Volatility::Immutable);
        Arc::new(ScalarUDF::from(Function { name, meaning, signature }))
    };
    let mut functions = [
        (TEXT, 1, Meaning::Text),
        ("timestampdiff", 3, Meaning::Elapsed),
        ("months_between", 2, Meaning::MonthsBetween),
        ("next_day", 2, Meaning::NextDay),
        ("initcap", 1, Meaning::InitCap),
        ("ln", 1, Meaning::Ln),
        ("log2", 1, Meaning::Log2),
        ("log10", 1, Meaning::Log10),
        ("sqrt", 1, Meaning::SquareRoot),
        ("ceil", 1, Meaning::Ceil),
        ("floor", 1, Meaning::Floor),
    ]
    .map(function)
    .to_vec();
    functions.push(Arc::new(ScalarUDF::from(Round::new())));
    functions
});

/// All of them.
pub(crate) fn functions() -> &'static [Arc<ScalarUDF>] {
    &FUNCTIONS
}

/// The function that writes a value as text.
pub(crate) fn text() -> Option<&'static Arc<ScalarUDF>> {
    FUNCTIONS.iter().find(|function| function.name() == TEXT)
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(match self.meaning {
            Meaning::Text | Meaning::InitCap => DataType::Utf8,
            Meaning::Elapsed => DataType::Int64,
            Meaning::NextDay => DataType::Date32,
            Meaning::MonthsBetween | Meaning::Ln | Meaning::Log2 | Meaning::Log10 | Meaning::SquareRoot => {
                DataType::Float64
            }
            Meaning::Ceil | Meaning::Floor => whole_type(arguments.first()),
        })
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&arguments.args)?;
        let result: ArrayRef = match (self.meaning, arrays.as_slice()) {
            (Meaning::Text, [value]) => written(value)?,
            (Meaning::InitCap, [text]) => capitals(text)?,
            (Meaning::Elapsed, [unit, start, end]) => elapsed(unit, start, end)?,
            (Meaning::NextDay, [date, weekday]) => next_day(date, weekday)?,
            (Meaning::MonthsBetween, [end, start]) => months_between(end, start)?,
            (Meaning::Ln, [value]) => logarithm(value, f64::ln)?,
            (Meaning::Log2, [value]) => logarithm(value, f64::log2)?,
            (Meaning::Log10, [value]) => logarithm(value, f64::log10)?,
            (Meaning::SquareRoot, [value]) => {
                let value = to(value, &DataType::Float64)?;
                Arc::new(unary::<_, _, Float64Type>(value.as_primitive::<Float64Type>(), f64::sqrt))
            }
            (Meaning::Ceil, [value]) => whole(value, f64::ceil, true)?,
            (Meaning::Floor, [value]) => whole(value, f64::floor, false)?,
            _ => return Err(DataFusionError::Plan(format!("the arguments of {}", self.name))),
        };
        Ok(ColumnarValue::Array(result))
    }
}

fn to(array: &ArrayRef, data_type: &DataType) -> Result<ArrayRef> {
    Ok(cast_with_options(array, data_type, &STRICT)?)
}

/// Databricks' texts: a blank between day and time, and doubles as Java has them, to twelve digits as
/// everywhere else.
#[expect(clippy::wildcard_enum_match_arm, reason = "other types are written alike by both")]
fn written(value: &ArrayRef) -> Result<ArrayRef> {
    match value.data_type() {
        DataType::Float16 | DataType::Float32 | DataType::Float64 => {
            let value = to(value, &DataType::Float64)?;
            let texts = value.as_primitive::<Float64Type>().iter().map(|value| value.map(double_text));
            Ok(Arc::new(texts.collect::<StringArray>()))
        }
        DataType::Timestamp(_, zone) => {
            let times = to(value, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))?;
            let times = times.as_primitive::<TimestampMicrosecondType>();
            let mut texts = Vec::with_capacity(times.len());
            for row in 0..times.len() {
                let time = times.is_valid(row).then(|| times.value_as_datetime(row)).flatten();
                texts.push(time.map(|time| time_text(&time.to_string())));
            }
            Ok(Arc::new(StringArray::from(texts)))
        }
        _ => to(value, &DataType::Utf8),
    }
}

/// `2026-03-15 23:30:15.250` without the zeros at its end.
fn time_text(time: &str) -> String {
    if time.contains('.') { time.trim_end_matches('0').to_owned() } else { time.to_owned() }
}

fn double_text(value: f64) -> String {
    let value = convert::rounded(value);
    if value.is_nan() || value.is_infinite() {
        let sign = if value < 0.0 { "-" } else { "" };
        return if value.is_nan() { "NaN".to_owned() } else { format!("{sign}Infinity") };
    }
    let plain = value == 0.0 || (1e-3..1e7).contains(&value.abs());
    if plain {
        return format!("{value:?}");
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((scientific.as_str(), "0"));
    let mut text = digits.to_owned();
    if !digits.contains('.') {
        text.push_str(".0");
    }
    let _ = write!(text, "E{exponent}");
    text
}

fn capitals(text: &ArrayRef) -> Result<ArrayRef> {
    let text = to(text, &DataType::Utf8)?;
    let capitalise = |text: &str| {
        let mut result = String::with_capacity(text.len());
        let mut begins = true;
        for letter in text.chars() {
            if begins {
                result.extend(letter.to_uppercase());
            } else {
                result.extend(letter.to_lowercase());
            }
            begins = letter == ' ';
        }
        result
    };
    let words = text.as_string::<i32>().iter().map(|text| text.map(capitalise));
    Ok(Arc::new(words.collect::<StringArray>()))
}

fn elapsed(unit: &ArrayRef, start: &ArrayRef, end: &ArrayRef) -> Result<ArrayRef> {
    let (unit, start, end) = (to(unit, &DataType::Utf8)?, times(start)?, times(end)?);
    let unit = unit.as_string::<i32>();
    let mut counts = Vec::with_capacity(start.len());
    for ((unit, start), end) in unit.iter().zip(&start).zip(&end) {
        counts.push(match (unit, start, end) {
            (Some(unit), Some(start), Some(end)) => match calendar::elapsed(unit, start, end) {
                Some(count) => Some(count),
                None => return Err(DataFusionError::Execution("a unit or a time out of range".to_owned())),
            },
            _ => None,
        });
    }
    Ok(Arc::new(Int64Array::from(counts)))
}

fn months_between(end: &ArrayRef, start: &ArrayRef) -> Result<ArrayRef> {
    let (end, start) = (times(end)?, times(start)?);
    let months = end.iter().zip(&start).map(|(end, start)| Some(calendar::months_between(end?, start?)));
    Ok(Arc::new(months.collect::<Float64Array>()))
}

fn next_day(date: &ArrayRef, weekday: &ArrayRef) -> Result<ArrayRef> {
    let (date, weekday) = (to(date, &DataType::Date32)?, to(weekday, &DataType::Utf8)?);
    let (date, weekday) = (date.as_primitive::<Date32Type>(), weekday.as_string::<i32>());
    let days = date.iter().zip(weekday).map(|(date, weekday)| calendar::next_day(date?, weekday?));
    Ok(Arc::new(days.collect::<Date32Array>()))
}

fn times(times: &ArrayRef) -> Result<TimestampMicrosecondArray> {
    Ok(to(times, &MICROSECONDS)?.as_primitive::<TimestampMicrosecondType>().clone())
}

fn logarithm(value: &ArrayRef, of: fn(f64) -> f64) -> Result<ArrayRef> {
    let value = to(value, &DataType::Float64)?;
    let values = value.as_primitive::<Float64Type>().iter();
    Ok(Arc::new(
        values
            .map(|value| value.filter(|value| *value > 0.0 || value.is_nan()).map(of))
            .collect::<Float64Array>(),
    ))
}

/// A decimal keeps its kind without its fraction; a double becomes an integer; an integer stays.
fn whole_type(data_type: Option<&DataType>) -> DataType {
    match data_type {
        Some(DataType::Decimal128(precision, scale)) => {
            let digits = i16::from(*precision) - i16::from(*scale) + 1;
            DataType::Decimal128(u8::try_from(digits.clamp(1, 38)).unwrap_or(38), 0)
        }
        _ => DataType::Int64,
    }
}

fn whole(value: &ArrayRef, of: fn(f64) -> f64, up: bool) -> Result<ArrayRef> {
    if let DataType::Decimal128(_, scale) = value.data_type() {
        let unit = 10_i128.pow(u32::try_from(*scale).unwrap_or(0));
        let values = value.as_primitive::<Decimal128Type>();
        let down = unary::<_, _, Decimal128Type>(values, |value| {
            let below = value.div_euclid(unit);
            if up && value.rem_euclid(unit) != 0 { below + 1 } else { below }
        });
        let DataType::Decimal128(precision, scale) = whole_type(Some(value.data_type())) else {
            return Err(DataFusionError::Internal("a decimal is a decimal".to_owned()));
        };
        return Ok(Arc::new(down.with_precision_and_scale(precision, scale)?));
    }
    if value.data_type().is_integer() {
        return to(value, &DataType::Int64);
    }
    let value = to(value, &DataType::Float64)?;
    let rounded = unary::<_, _, Float64Type>(value.as_primitive::<Float64Type>(), of);
    let checked = try_unary::<_, _, Float64Type>(&rounded, |value| {
        if value.abs() < 9.2e18 {
            Ok(value)
        } else {
            Err(ArrowError::ArithmeticOverflow("a whole number".to_owned()))
        }
    })?;
    let checked: ArrayRef = Arc::new(checked);
    to(&checked, &DataType::Int64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_written_as_java_writes_them() {
        for (value, text) in [
            (2.5, "2.5"),
            (0.0, "0.0"),
            (-0.0, "0.0"),
            (1e7, "1.0E7"),
            (1_234_567.0, "1234567.0"),
            (12_345_678.0, "1.2345678E7"),
            (0.001, "0.001"),
            (0.0001, "1.0E-4"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(double_text(value), text);
        }
    }
}
