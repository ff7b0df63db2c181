//! `sum` of integers that fails where the engine's own wraps round.
//!
//! Integers are added up as decimals of 38 digits, which no number of rows fills, and the total has to
//! be an integer again: terms that overflow on the way and come back are a sum like any other.

use crate::narrowed::Narrowed;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, ReversedUDAF, Signature,
};
use std::sync::Arc;

const WIDE: DataType = DataType::Decimal128(38, 0);

/// The engine's `sum`, but for integers.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Sum {
    engines: Arc<AggregateUDF>,
    signature: Signature,
}

impl Sum {
    pub(crate) fn new() -> Self {
        let engines = sum_udaf();
        let signature = engines.signature().clone();
        Self { engines, signature }
    }
}

fn is_integer(field: &FieldRef) -> bool {
    *field.data_type() == DataType::Int64
}

/// A sum of decimals, of integers and to an integer.
const fn narrowed<A>(inner: A) -> Narrowed<A> {
    Narrowed { inner, before: Some(WIDE), after: DataType::Int64 }
}

/// The same arguments, for a sum of decimals.
#[expect(clippy::needless_pass_by_value, reason = "the arguments are not Clone, and are handed on")]
fn widened(args: AccumulatorArgs<'_>) -> AccumulatorArgs<'_> {
    let return_field = Arc::new(Field::new(args.return_field.name(), WIDE, true));
    AccumulatorArgs { return_field, ..args }
}

impl AggregateUDFImpl for Sum {
    fn name(&self) -> &str {
        self.engines.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.engines.return_type(arguments)
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        if !is_integer(&args.return_field) {
            return self.engines.accumulator(args);
        }
        Ok(Box::new(narrowed(self.engines.accumulator(widened(args))?)))
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        if !is_integer(&args.return_field) {
            return self.engines.create_sliding_accumulator(args);
        }
        Ok(Box::new(narrowed(self.engines.create_sliding_accumulator(widened(args))?)))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        self.engines.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        if !is_integer(&args.return_field) {
            return self.engines.create_groups_accumulator(args);
        }
        Ok(Box::new(narrowed(self.engines.create_groups_accumulator(widened(args))?)))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        if !is_integer(&args.return_field) {
            return self.engines.state_fields(args);
        }
        let return_field = Arc::new(Field::new(args.return_field.name(), WIDE, true));
        self.engines.state_fields(StateFieldsArgs { return_field, ..args })
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}
