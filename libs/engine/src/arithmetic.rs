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
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExprSchemable, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
    cast,
};
use datafusion::sql::sqlparser::ast::BinaryOperator;
use std::sync::{Arc, LazyLock};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Operation {
    /// Of two doubles, refusing a zero on the right.
    Divide,
    Modulo,
    /// Of two integers of one type, refusing what does not fit it.
    Add,
    Subtract,
    Multiply,
    /// Of two decimals, to the digits of Databricks.
    DivideDecimals,
}

/// An operation that fails where the engine's own gives something else.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Checked {
    operation: Operation,
    signature: Signature,
}

/// What the operators are called in a plan.
pub(crate) const OPERATORS: [&str; 6] = [
    "splitplane_divide",
    "splitplane_modulo",
    "splitplane_add",
    "splitplane_subtract",
    "splitplane_multiply",
    "splitplane_divide_decimals",
];

const OPERATIONS: [Operation; 6] = [
    Operation::Divide,
    Operation::Modulo,
    Operation::Add,
    Operation::Subtract,
    Operation::Multiply,
    Operation::DivideDecimals,
];

static FUNCTIONS: LazyLock<Vec<(Operation, Arc<ScalarUDF>)>> = LazyLock::new(|| {
    let function = |operation| {
        let signature = match operation {
            Operation::Divide | Operation::Modulo => {
                Signature::exact(vec![DataType::Float64, DataType::Float64], Volatility::Immutable)
            }
            Operation::Add | Operation::Subtract | Operation::Multiply | Operation::DivideDecimals => {
                Signature::any(2, Volatility::Immutable)
            }
        };
        (operation, Arc::new(ScalarUDF::from(Checked { operation, signature })))
    };
    OPERATIONS.map(function).to_vec()
});

impl Operation {
    const fn name(self) -> &'static str {
        let [divide, modulo, add, subtract, multiply, decimals] = OPERATORS;
        match self {
            Self::Divide => divide,
            Self::Modulo => modulo,
            Self::Add => add,
            Self::Subtract => subtract,
            Self::Multiply => multiply,
            Self::DivideDecimals => decimals,
        }
    }

    const fn symbol(self) -> &'static str {
        match self {
            Self::Divide | Self::DivideDecimals => " / ",
            Self::Modulo => " % ",
            Self::Add => " + ",
            Self::Subtract => " - ",
            Self::Multiply => " * ",
        }
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

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match (self.operation, arguments) {
            (Operation::Divide | Operation::Modulo, _) => Ok(DataType::Float64),
            (Operation::Add | Operation::Subtract | Operation::Multiply, [left, _]) => Ok(left.clone()),
            (Operation::DivideDecimals, [left, right]) => division::quotient_type(left, right),
            _ => Err(DataFusionError::Plan("an operator has two sides".to_owned())),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&arguments.args)?;
        let [left, right] = arrays.as_slice() else {
            return Err(ArrowError::ComputeError("two arguments".to_owned()).into());
        };
        let result: ArrayRef = match self.operation {
            Operation::Divide | Operation::Modulo => Arc::new(checked(left, right, self.operation)?),
            Operation::Add => numeric::add(left, right)?,
            Operation::Subtract => numeric::sub(left, right)?,
            Operation::Multiply => numeric::mul(left, right)?,
            Operation::DivideDecimals => division::divide(left, right)?,
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
        let Some((operation, left_type, right_type)) = planned(operation, &left, &right) else {
            return Ok(PlannerResult::Original(expr));
        };
        // A cast to the type that is there already would only make the tree deeper.
        let to = |expr, from: &DataType, to: DataType| if *from == to { expr } else { cast(expr, to) };
        let arguments =
            vec![to(expr.left, &left.data_type, left_type), to(expr.right, &right.data_type, right_type)];
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

/// The operation that stands for an operator, and the types of its sides; `None` leaves it to the engine.
fn planned(operation: Operation, left: &Side, right: &Side) -> Option<(Operation, DataType, DataType)> {
    let number = |side: &Side| side.data_type.is_numeric() || side.data_type.is_null();
    let whole = |side: &Side| side.data_type.is_integer() || side.data_type.is_null();
    if !number(left) || !number(right) {
        return None;
    }
    let doubles = left.data_type.is_floating() || right.data_type.is_floating();
    let integers = whole(left) && whole(right);
    match operation {
        Operation::Divide if doubles || integers => {
            Some((Operation::Divide, DataType::Float64, DataType::Float64))
        }
        Operation::Divide => {
            let (left, right) = (decimal_of(left)?, decimal_of(right)?);
            Some((Operation::DivideDecimals, left, right))
        }
        Operation::Modulo if doubles => Some((Operation::Modulo, DataType::Float64, DataType::Float64)),
        Operation::Add | Operation::Subtract | Operation::Multiply if integers => {
            let common = wider(&integer_of(left), &integer_of(right));
            Some((operation, common.clone(), common))
        }
        Operation::Modulo
        | Operation::Add
        | Operation::Subtract
        | Operation::Multiply
        | Operation::DivideDecimals => None,
    }
}

/// The integer type that Databricks gives a side: a literal is an INT where it fits one.
#[expect(clippy::wildcard_enum_match_arm, reason = "every other integer is a BIGINT there")]
fn integer_of(side: &Side) -> DataType {
    if let Some(ScalarValue::Int64(Some(value))) = side.literal
        && i32::try_from(value).is_ok()
    {
        return DataType::Int32;
    }
    match &side.data_type {
        DataType::Int8 => DataType::Int8,
        DataType::Int16 | DataType::UInt8 => DataType::Int16,
        DataType::Int32 | DataType::UInt16 => DataType::Int32,
        DataType::Null => DataType::Int8,
        _ => DataType::Int64,
    }
}

fn wider(left: &DataType, right: &DataType) -> DataType {
    let width = |data_type: &DataType| data_type.primitive_width().unwrap_or(8);
    if width(left) >= width(right) { left.clone() } else { right.clone() }
}

/// The decimal type that Databricks gives a side of a division: a literal has the digits it is written in.
#[expect(clippy::wildcard_enum_match_arm, reason = "what is no number here never comes to this place")]
fn decimal_of(side: &Side) -> Option<DataType> {
    if let Some(ScalarValue::Int64(Some(value))) = side.literal {
        let digits = value.unsigned_abs().checked_ilog10().map_or(1, |log| log + 1);
        return Some(DataType::Decimal128(u8::try_from(digits).ok()?, 0));
    }
    match side.data_type {
        DataType::Decimal128(precision, scale) => Some(DataType::Decimal128(precision, scale)),
        DataType::Int8 => Some(DataType::Decimal128(3, 0)),
        DataType::Int16 => Some(DataType::Decimal128(5, 0)),
        DataType::Int32 => Some(DataType::Decimal128(10, 0)),
        DataType::Null => Some(DataType::Decimal128(1, 0)),
        _ if side.data_type.is_integer() => Some(DataType::Decimal128(20, 0)),
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
