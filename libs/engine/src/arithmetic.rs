//! Arithmetic as Databricks means it: `/` of integers is a double, and division by zero is an error.
//!
//! DataFusion divides integers to an integer and doubles by zero to infinity. Decimals are left to it:
//! they stay decimal there, and it refuses a zero.

use arrow::array::{ArrayRef, AsArray, Float64Array};
use arrow::compute::kernels::arity::try_binary;
use arrow::datatypes::{DataType, Float64Type};
use arrow::error::ArrowError;
use datafusion::common::DFSchema;
use datafusion::error::Result;
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
    Divide,
    Modulo,
}

/// An operation on two doubles that refuses a zero on its right.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Checked {
    operation: Operation,
    signature: Signature,
}

pub(crate) const DIVIDE: &str = "splitplane_divide";
pub(crate) const MODULO: &str = "splitplane_modulo";

static FUNCTIONS: LazyLock<[Arc<ScalarUDF>; 2]> = LazyLock::new(|| {
    [Operation::Divide, Operation::Modulo].map(|operation| {
        let signature = Signature::exact(vec![DataType::Float64, DataType::Float64], Volatility::Immutable);
        Arc::new(ScalarUDF::from(Checked { operation, signature }))
    })
});

impl ScalarUDFImpl for Checked {
    fn name(&self) -> &str {
        match self.operation {
            Operation::Divide => DIVIDE,
            Operation::Modulo => MODULO,
        }
    }

    /// A result column is named as it was written.
    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        let symbol = match self.operation {
            Operation::Divide => " / ",
            Operation::Modulo => " % ",
        };
        Ok(args.iter().map(|arg| arg.schema_name().to_string()).collect::<Vec<_>>().join(symbol))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&arguments.args)?;
        let [left, right] = arrays.as_slice() else {
            return Err(ArrowError::ComputeError("two arguments".to_owned()).into());
        };
        let result = checked(left, right, self.operation)?;
        Ok(ColumnarValue::Array(Arc::new(result)))
    }
}

fn checked(left: &ArrayRef, right: &ArrayRef, operation: Operation) -> Result<Float64Array, ArrowError> {
    let (left, right) = (left.as_primitive::<Float64Type>(), right.as_primitive::<Float64Type>());
    try_binary::<_, _, _, Float64Type>(left, right, |left, right| {
        if right == 0.0 {
            return Err(ArrowError::DivideByZero);
        }
        Ok(match operation {
            Operation::Divide => left / right,
            Operation::Modulo => left % right,
        })
    })
}

/// Plans `/` and `%`.
#[derive(Debug)]
pub(crate) struct Arithmetic;

impl ExprPlanner for Arithmetic {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let divides = expr.op == BinaryOperator::Divide;
        if !divides && expr.op != BinaryOperator::Modulo {
            return Ok(PlannerResult::Original(expr));
        }
        let (left, right) = (expr.left.get_type(schema)?, expr.right.get_type(schema)?);
        let number = |t: &DataType| t.is_numeric() || t.is_null();
        let whole = |t: &DataType| t.is_integer() || t.is_null();
        let double = left.is_floating() || right.is_floating();
        let integers = divides && whole(&left) && whole(&right);
        if !number(&left) || !number(&right) || !(double || integers) {
            return Ok(PlannerResult::Original(expr));
        }
        let [divide, modulo] = &*FUNCTIONS;
        let function = Arc::clone(if divides { divide } else { modulo });
        let arguments = vec![cast(expr.left, DataType::Float64), cast(expr.right, DataType::Float64)];
        Ok(PlannerResult::Planned(Expr::ScalarFunction(ScalarFunction::new_udf(function, arguments))))
    }
}
