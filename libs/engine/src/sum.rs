//! `sum` of integers that fails where the engine's own wraps round.
//!
//! Integers are added up as decimals of 38 digits, which no number of rows fills, and the total has to
//! be an integer again: terms that overflow on the way and come back are a sum like any other.

use arrow::array::{ArrayRef, BooleanArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, ReversedUDAF, Signature,
};
use std::sync::Arc;

const WIDE: DataType = DataType::Decimal128(38, 0);
const STRICT: CastOptions<'static> =
    CastOptions { safe: false, format_options: arrow::util::display::FormatOptions::new() };

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
        Ok(Box::new(Narrowed(self.engines.accumulator(widened(args))?)))
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        if !is_integer(&args.return_field) {
            return self.engines.create_sliding_accumulator(args);
        }
        Ok(Box::new(Narrowed(self.engines.create_sliding_accumulator(widened(args))?)))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        self.engines.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        if !is_integer(&args.return_field) {
            return self.engines.create_groups_accumulator(args);
        }
        Ok(Box::new(NarrowedGroups(self.engines.create_groups_accumulator(widened(args))?)))
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

fn widen(values: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
    values.iter().map(|array| Ok(cast_with_options(array, &WIDE, &STRICT)?)).collect()
}

/// A sum of decimals, of integers and to an integer.
#[derive(Debug)]
struct Narrowed(Box<dyn Accumulator>);

impl Accumulator for Narrowed {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.0.update_batch(&widen(values)?)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.0.retract_batch(&widen(values)?)
    }

    fn supports_retract_batch(&self) -> bool {
        self.0.supports_retract_batch()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.0.merge_batch(states)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.0.state()
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.0.evaluate()?.cast_to_with_options(&DataType::Int64, &STRICT)
    }

    fn size(&self) -> usize {
        self.0.size()
    }
}

struct NarrowedGroups(Box<dyn GroupsAccumulator>);

impl GroupsAccumulator for NarrowedGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.0.update_batch(&widen(values)?, groups, filter, total)
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.0.merge_batch(states, groups, total)
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        self.0.state(emit)
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        self.0.convert_to_state(&widen(values)?, filter)
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        Ok(cast_with_options(&self.0.evaluate(emit)?, &DataType::Int64, &STRICT)?)
    }

    fn size(&self) -> usize {
        self.0.size()
    }
}
