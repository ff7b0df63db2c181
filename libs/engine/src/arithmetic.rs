//! Operators as Databricks means them: `/` of integers is a double, integers that do not fit are an error,
//! decimals are divided to the digits that it keeps, and a value beside text is written as it writes it.
//!
//! DataFusion divides integers to an integer and doubles by zero to infinity, lets integers wrap round,
//! and cuts quotients of decimals off. Sums, differences and products of decimals are left to it.

use crate::databricks;
use crate::division;
use arrow::array::{ArrayRef, AsArray, Float64Array};
use arrow::compute::kernels::arity::try_binary;
use arrow::compute::kernels::numeric;
use arrow::datatypes::{DataType, Float64Type};
use arrow::error::ArrowError;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::type_coercion::binary::BinaryTypeCoercer;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExprSchemable, Operator, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility, cast,
};
use datafusion::sql::sqlparser::ast::BinaryOperator;
use std::sync::{Arc, LazyLock};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Operation {
    Divide,
    Modulo,
    Add,
    Subtract,
    Multiply,
}

/// An operation that fails where the engine's own gives something else. What it does is decided by the types of its
/// sides when the plan has its last ones: the columns of a set operation get theirs after it was planned.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Checked {
    operation: Operation,
    signature: Signature,
}

/// What the operators are called in a plan.
pub(crate) const OPERATORS: [&str; 5] = [
    "splitplane_divide",
    "splitplane_modulo",
    "splitplane_add",
    "splitplane_subtract",
    "splitplane_multiply",
];

const OPERATIONS: [Operation; 5] =
    [Operation::Divide, Operation::Modulo, Operation::Add, Operation::Subtract, Operation::Multiply];

static FUNCTIONS: LazyLock<Vec<(Operation, Arc<ScalarUDF>)>> = LazyLock::new(|| {
    let function = |operation| {
        let signature = Signature::user_defined(Volatility::Immutable);
        (operation, Arc::new(ScalarUDF::from(Checked { operation, signature })))
    };
    OPERATIONS.map(function).to_vec()
});

impl Operation {
    const fn name(self) -> &'static str {
        let [divide, modulo, add, subtract, multiply] = OPERATORS;
        match self {
            Self::Divide => divide,
            Self::Modulo => modulo,
            Self::Add => add,
            Self::Subtract => subtract,
            Self::Multiply => multiply,
        }
    }

    const fn symbol(self) -> &'static str {
        match self {
            Self::Divide => " / ",
            Self::Modulo => " % ",
            Self::Add => " + ",
            Self::Subtract => " - ",
            Self::Multiply => " * ",
        }
    }

    const fn operator(self) -> Operator {
        match self {
            Self::Divide => Operator::Divide,
            Self::Modulo => Operator::Modulo,
            Self::Add => Operator::Plus,
            Self::Subtract => Operator::Minus,
            Self::Multiply => Operator::Multiply,
        }
    }

    /// The types in which two sides meet.
    fn sides(self, left: &DataType, right: &DataType) -> Result<(DataType, DataType)> {
        if !is_number(left) || !is_number(right) {
            return Err(DataFusionError::Plan("an operator of what is no number".to_owned()));
        }
        let doubles = left.is_floating() || right.is_floating();
        let integers = is_whole(left) && is_whole(right);
        match self {
            Self::Divide if doubles || integers => Ok((DataType::Float64, DataType::Float64)),
            Self::Divide => decimal_of(left)
                .zip(decimal_of(right))
                .ok_or_else(|| DataFusionError::Plan("a division of what is no decimal".to_owned())),
            Self::Modulo if doubles => Ok((DataType::Float64, DataType::Float64)),
            Self::Modulo | Self::Add | Self::Subtract | Self::Multiply if integers => {
                let common = wider(&integer_of(left), &integer_of(right));
                Ok((common.clone(), common))
            }
            Self::Modulo | Self::Add | Self::Subtract | Self::Multiply => {
                BinaryTypeCoercer::new(left, &self.operator(), right).get_input_types()
            }
        }
    }

    /// The type of the result of two sides that have met.
    fn result(self, left: &DataType, right: &DataType) -> Result<DataType> {
        match self {
            _ if left.is_integer() => Ok(left.clone()),
            Self::Divide if !left.is_floating() => division::quotient_type(left, right),
            Self::Divide | Self::Modulo if left.is_floating() => Ok(DataType::Float64),
            Self::Divide | Self::Modulo | Self::Add | Self::Subtract | Self::Multiply => {
                BinaryTypeCoercer::new(left, &self.operator(), right).get_result_type()
            }
        }
    }
}

fn is_number(data_type: &DataType) -> bool {
    data_type.is_numeric() || data_type.is_null()
}

fn is_whole(data_type: &DataType) -> bool {
    data_type.is_integer() || data_type.is_null()
}

fn two<T>(sides: &[T]) -> Result<(&T, &T)> {
    match sides {
        [left, right] => Ok((left, right)),
        _ => Err(DataFusionError::Plan("an operator has two sides".to_owned())),
    }
}

impl ScalarUDFImpl for Checked {
    fn name(&self) -> &str {
        self.operation.name()
    }

    /// A result column is named as it was written.
    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        let symbol = self.operation.symbol();
        Ok(args.iter().map(|arg| arg.schema_name().to_string()).collect::<Vec<_>>().join(symbol))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        let (left, right) = two(arguments)?;
        let (left, right) = self.operation.sides(left, right)?;
        Ok(vec![left, right])
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let (left, right) = two(arguments)?;
        let (left, right) = self.operation.sides(left, right)?;
        self.operation.result(&left, &right)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&arguments.args)?;
        let (left, right) = two(&arrays)?;
        let is_double = left.data_type().is_floating();
        let result: ArrayRef = match self.operation {
            Operation::Divide | Operation::Modulo if is_double => {
                Arc::new(checked(left, right, self.operation)?)
            }
            Operation::Divide => division::divide(left, right)?,
            Operation::Modulo => numeric::rem(left, right)?,
            Operation::Add => numeric::add(left, right)?,
            Operation::Subtract => numeric::sub(left, right)?,
            Operation::Multiply => numeric::mul(left, right)?,
        };
        Ok(ColumnarValue::Array(result))
    }
}

fn checked(left: &ArrayRef, right: &ArrayRef, operation: Operation) -> Result<Float64Array, ArrowError> {
    let (left, right) = (left.as_primitive::<Float64Type>(), right.as_primitive::<Float64Type>());
    try_binary::<_, _, _, Float64Type>(left, right, |left, right| {
        if right == 0.0 {
            return Err(ArrowError::DivideByZero);
        }
        Ok(if operation == Operation::Modulo { left % right } else { left / right })
    })
}

/// Plans `+`, `-`, `*`, `/`, `%` and `||`.
#[derive(Debug)]
pub(crate) struct Arithmetic;

impl ExprPlanner for Arithmetic {
    #[expect(clippy::wildcard_enum_match_arm, reason = "other operators mean the same to both")]
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let operation = match expr.op {
            BinaryOperator::Divide => Operation::Divide,
            BinaryOperator::Modulo => Operation::Modulo,
            BinaryOperator::Plus => Operation::Add,
            BinaryOperator::Minus => Operation::Subtract,
            BinaryOperator::Multiply => Operation::Multiply,
            BinaryOperator::StringConcat => return beside_text(expr, schema),
            _ => return Ok(PlannerResult::Original(expr)),
        };
        let (left, right) = (sides(&expr.left, schema)?, sides(&expr.right, schema)?);
        if operation == Operation::Subtract && is_date(&left) && is_date(&right) {
            // An interval on Databricks, a number of days here.
            return Err(DataFusionError::Plan("a date minus a date".to_owned()));
        }
        if !is_number(&left.data_type) || !is_number(&right.data_type) || is_left(operation, &left, &right) {
            return Ok(PlannerResult::Original(expr));
        }
        let arguments =
            vec![literal(expr.left, &left, operation, &right), literal(expr.right, &right, operation, &left)];
        let function = FUNCTIONS.iter().find(|(known, _)| *known == operation);
        let Some((_, function)) = function else {
            return Err(DataFusionError::Plan("an operator".to_owned()));
        };
        let call = ScalarFunction::new_udf(Arc::clone(function), arguments);
        Ok(PlannerResult::Planned(Expr::ScalarFunction(call)))
    }
}

/// One side of an operator: its type, and the value where it is a literal.
struct Side {
    data_type: DataType,
    literal: Option<ScalarValue>,
}

fn sides(expr: &Expr, schema: &DFSchema) -> Result<Side> {
    let mut inner = expr;
    // `-5` is a literal too.
    while let Expr::Negative(negated) = inner {
        inner = negated;
    }
    let literal = if let Expr::Literal(value, _) = inner { Some(value.clone()) } else { None };
    Ok(Side { data_type: expr.get_type(schema)?, literal })
}

fn is_date(side: &Side) -> bool {
    matches!(side.data_type, DataType::Date32 | DataType::Date64)
}

/// Whether the engine's own operator does what Databricks does: it adds what is no integer exactly, and a decimal or a
/// double stays none, whatever a set operation widens it to.
fn is_left(operation: Operation, left: &Side, right: &Side) -> bool {
    let integers = is_whole(&left.data_type) && is_whole(&right.data_type);
    match operation {
        Operation::Divide | Operation::Modulo => false,
        Operation::Add | Operation::Subtract | Operation::Multiply => !integers,
    }
}

/// A literal in the type that Databricks gives it: an INT where it fits one, and beside a decimal that it is divided
/// with one of the digits in which it is written.
fn literal(expr: Expr, side: &Side, operation: Operation, other: &Side) -> Expr {
    let Some(ScalarValue::Int64(Some(value))) = side.literal else { return expr };
    let is_decimal = other.data_type.is_decimal();
    let digits = value.unsigned_abs().checked_ilog10().map_or(1, |log| log + 1);
    match (operation, u8::try_from(digits)) {
        (Operation::Divide, Ok(digits)) if is_decimal => cast(expr, DataType::Decimal128(digits, 0)),
        (Operation::Add | Operation::Subtract | Operation::Multiply | Operation::Modulo, _)
            if !is_decimal && i32::try_from(value).is_ok() =>
        {
            cast(expr, DataType::Int32)
        }
        (
            Operation::Divide
            | Operation::Add
            | Operation::Subtract
            | Operation::Multiply
            | Operation::Modulo,
            _,
        ) => expr,
    }
}

/// The integer type that Databricks gives a side.
#[expect(clippy::wildcard_enum_match_arm, reason = "every other integer is a BIGINT there")]
fn integer_of(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Int8 | DataType::Null => DataType::Int8,
        DataType::Int16 | DataType::UInt8 => DataType::Int16,
        DataType::Int32 | DataType::UInt16 => DataType::Int32,
        _ => DataType::Int64,
    }
}

fn wider(left: &DataType, right: &DataType) -> DataType {
    let width = |data_type: &DataType| data_type.primitive_width().unwrap_or(8);
    if width(left) >= width(right) { left.clone() } else { right.clone() }
}

/// The decimal type that Databricks gives a side of a division.
#[expect(clippy::wildcard_enum_match_arm, reason = "what is no number here never comes to this place")]
fn decimal_of(data_type: &DataType) -> Option<DataType> {
    match data_type {
        DataType::Decimal128(precision, scale) => Some(DataType::Decimal128(*precision, *scale)),
        DataType::Int8 => Some(DataType::Decimal128(3, 0)),
        DataType::Int16 => Some(DataType::Decimal128(5, 0)),
        DataType::Int32 => Some(DataType::Decimal128(10, 0)),
        DataType::Null => Some(DataType::Decimal128(1, 0)),
        _ if data_type.is_integer() => Some(DataType::Decimal128(20, 0)),
        _ => None,
    }
}

/// `||`, with times and doubles written as Databricks writes them.
fn beside_text(mut expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
    let Some(function) = databricks::text() else { return Ok(PlannerResult::Original(expr)) };
    for side in [&mut expr.left, &mut expr.right] {
        let data_type = side.get_type(schema)?;
        if data_type.is_floating() || matches!(data_type, DataType::Timestamp(..)) {
            let value = std::mem::take(side);
            *side = Expr::ScalarFunction(ScalarFunction::new_udf(Arc::clone(function), vec![value]));
        }
    }
    Ok(PlannerResult::Original(expr))
}
