//! `round` of doubles and floats: half away from zero, of the shortest decimal that spells a number.
//!
//! DataFusion rounds the binary number after scaling it, so that 1.005 has 1.0 for its two digits, not 1.01. Integers and
//! decimals are left to it, and so are all types.

use arrow::array::{ArrayRef, AsArray};
use arrow::compute::kernels::arity::{binary, unary};
use arrow::datatypes::{ArrowPrimitiveType, DataType, FieldRef, Float32Type, Float64Type, Int32Type};
use datafusion::error::{DataFusionError, Result};
use datafusion::functions::math;
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};
use std::sync::Arc;

/// The powers of ten that a double holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];
/// How far a scaled double may be from its spelling at the most, as a share of it: half a unit in the last place for
/// the spelling, another for the scaling, and as much again to be safe.
const SPELLING_ERROR_MAX: f64 = f64::EPSILON * 4.0;

/// The engine's `round`, but for doubles and floats.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Round {
    engines: Arc<ScalarUDF>,
    signature: Signature,
}

impl Round {
    pub(crate) fn new() -> Self {
        let engines = math::round();
        let signature = engines.signature().clone();
        Self { engines, signature }
    }
}

impl ScalarUDFImpl for Round {
    fn name(&self) -> &str {
        self.engines.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.engines.return_type(arguments)
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        self.engines.return_field_from_args(arguments)
    }

    fn is_strict(&self) -> bool {
        self.engines.inner().is_strict()
    }

    fn output_ordering(&self, inputs: &[ExprProperties]) -> Result<SortProperties> {
        self.engines.output_ordering(inputs)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let types: Vec<DataType> = arguments.args.iter().map(ColumnarValue::data_type).collect();
        match types.as_slice() {
            [DataType::Float64] | [DataType::Float64, DataType::Int32] => {
                each::<Float64Type>(&arguments.args, double)
            }
            [DataType::Float32] | [DataType::Float32, DataType::Int32] => {
                each::<Float32Type>(&arguments.args, float)
            }
            _ => self.engines.invoke_with_args(arguments),
        }
    }
}

fn each<T: ArrowPrimitiveType>(
    arguments: &[ColumnarValue],
    of: fn(T::Native, i32) -> T::Native,
) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(arguments)?;
    let rounded: ArrayRef = match arrays.as_slice() {
        [values] => Arc::new(unary::<T, _, T>(values.as_primitive(), |value| of(value, 0))),
        [values, digits] => Arc::new(binary::<_, _, _, T>(
            values.as_primitive::<T>(),
            digits.as_primitive::<Int32Type>(),
            of,
        )?),
        _ => return Err(DataFusionError::Plan("the arguments of round".to_owned())),
    };
    Ok(ColumnarValue::Array(rounded))
}

/// Adding zero takes the sign from a negative one: a decimal has none.
fn double(value: f64, digits: i32) -> f64 {
    let rounded = scaled(value, digits).or_else(|| spelled(value, digits)?.parse().ok());
    rounded.unwrap_or(value) + 0.0
}

/// A float is rounded as the double that it equals.
fn float(value: f32, digits: i32) -> f32 {
    let rounded = spelled(f64::from(value), digits).and_then(|text| text.parse().ok());
    rounded.unwrap_or(value) + 0.0
}

/// Rounds the scaled number where its spelling cannot lie on the other side of a half. The whole number is below 2^49 then,
/// so it is exact, as its power of ten is, and the last step gives the double next to the decimal.
fn scaled(value: f64, digits: i32) -> Option<f64> {
    let power = *POWERS.get(usize::try_from(digits.unsigned_abs()).ok()?)?;
    let scaled = if digits < 0 { value / power } else { value * power };
    let size = scaled.abs();
    let to_half = (size - size.floor() - 0.5).abs();
    // Never true of what is infinite or not a number.
    let is_clear = to_half > size * SPELLING_ERROR_MAX;
    let whole = scaled.round();
    is_clear.then(|| if digits < 0 { whole * power } else { whole / power })
}

/// Rounds the digits that spell a number. `None` where there are no more of them than asked for, or none at all.
fn spelled(value: f64, digits: i32) -> Option<String> {
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e')?;
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |mantissa| ("-", mantissa));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let units: u64 = format!("{whole}{fraction}").parse().ok()?;
    let exponent: i64 = exponent.parse().ok()?;
    let last = exponent - i64::try_from(fraction.len()).ok()?;
    let surplus = u32::try_from(-i64::from(digits) - last).ok().filter(|surplus| *surplus > 0)?;
    // Seventeen digits at the most: what takes away twenty leaves nothing.
    let units = 10_u64.checked_pow(surplus).map_or(0, |unit| (units + unit / 2) / unit);
    Some(format!("{sign}{units}e{}", -i64::from(digits)))
}

#[cfg(test)]
mod tests;
