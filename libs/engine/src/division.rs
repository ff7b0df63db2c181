//! Division of decimals: how many digits a quotient keeps, and how the last one is rounded.
//!
//! The rules are those of Databricks: at least six digits after the point, as many as the sides suggest,
//! fewer where 38 digits do not hold them; half away from zero.

use arrow::array::{ArrayRef, AsArray, Decimal128Array};
use arrow::compute::kernels::arity::try_binary;
use arrow::datatypes::{DataType, Decimal128Type, i256};
use arrow::error::ArrowError;
use datafusion::error::{DataFusionError, Result};
use std::sync::Arc;

const PRECISION_MAX: i32 = 38;
const SCALE_MIN: i32 = 6;

pub(crate) fn quotient_type(left: &DataType, right: &DataType) -> Result<DataType> {
    let (DataType::Decimal128(p1, s1), DataType::Decimal128(p2, s2)) = (left, right) else {
        return Err(DataFusionError::Plan("a division of what is no decimal".to_owned()));
    };
    let (p1, s1, p2, s2) = (i32::from(*p1), i32::from(*s1), i32::from(*p2), i32::from(*s2));
    let whole = p1 - s1 + s2;
    let scale = SCALE_MIN.max(s1 + p2 + 1);
    let (precision, scale) = if whole + scale <= PRECISION_MAX {
        (whole + scale, scale)
    } else {
        (PRECISION_MAX, (PRECISION_MAX - whole).max(scale.min(SCALE_MIN)))
    };
    let fits = |digits: i32| DataFusionError::Plan(format!("a decimal of {digits} digits"));
    let precision = u8::try_from(precision).map_err(|_negative| fits(precision))?;
    Ok(DataType::Decimal128(precision, i8::try_from(scale).map_err(|_large| fits(scale))?))
}

pub(crate) fn divide(left: &ArrayRef, right: &ArrayRef) -> Result<ArrayRef> {
    let quotient = quotient_type(left.data_type(), right.data_type())?;
    let (DataType::Decimal128(_, s1), DataType::Decimal128(_, s2), DataType::Decimal128(precision, scale)) =
        (left.data_type(), right.data_type(), &quotient)
    else {
        return Err(DataFusionError::Plan("a division of what is no decimal".to_owned()));
    };
    // What the left side is multiplied by, or the right one where it is negative.
    let shift = i32::from(*scale) + i32::from(*s2) - i32::from(*s1);
    let power = power_of_ten(shift.unsigned_abs())?;
    let limit = power_of_ten(u32::from(*precision))?;
    let (left, right) = (left.as_primitive::<Decimal128Type>(), right.as_primitive::<Decimal128Type>());
    let result: Decimal128Array = try_binary(left, right, |left, right| {
        if right == 0 {
            return Err(ArrowError::DivideByZero);
        }
        let (left, right) = (i256::from_i128(left), i256::from_i128(right));
        let (over, under) = if shift >= 0 {
            (left.checked_mul(power), Some(right))
        } else {
            (Some(left), right.checked_mul(power))
        };
        over.zip(under).and_then(|(over, under)| rounded(over, under, limit)).ok_or_else(overflow)
    })?;
    Ok(Arc::new(result.with_precision_and_scale(*precision, *scale)?))
}

/// Half away from zero; `None` where it does not fit.
fn rounded(over: i256, under: i256, limit: i256) -> Option<i128> {
    let (quotient, rest) = (over.checked_div(under)?, over.checked_rem(under)?);
    let twice = rest.wrapping_abs().checked_add(rest.wrapping_abs())?;
    let negative = over.is_negative() != under.is_negative();
    let quotient = match (twice >= under.wrapping_abs(), negative) {
        (false, _) => quotient,
        (true, false) => quotient.checked_add(i256::ONE)?,
        (true, true) => quotient.checked_sub(i256::ONE)?,
    };
    if quotient.wrapping_abs() >= limit { None } else { quotient.to_i128() }
}

fn power_of_ten(digits: u32) -> Result<i256> {
    i256::from_i128(10).checked_pow(digits).ok_or_else(|| overflow().into())
}

fn overflow() -> ArrowError {
    ArrowError::ArithmeticOverflow("a quotient of decimals".to_owned())
}
