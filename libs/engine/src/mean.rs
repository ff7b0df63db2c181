//! `avg` of decimals that rounds where the engine's own cuts off.
//!
//! The rule is that of Databricks: four digits more than the values have, half away from zero. One digit more than that is
//! calculated, and decides.

use crate::narrowed::Narrowed;
use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::functions_aggregate::average::avg_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, ReversedUDAF, Signature,
};
use std::sync::Arc;

/// The engine's `avg`, but for decimals.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Mean {
    engines: Arc<AggregateUDF>,
    signature: Signature,
}

impl Mean {
    pub(crate) fn new() -> Self {
        let engines = avg_udaf();
        let signature = engines.signature().clone();
        Self { engines, signature }
    }
}

/// Makes an accumulator of means that have a digit more, and have what was promised at the end. Doubles, and decimals all of
/// whose digits are taken, stay as they are.
#[expect(clippy::needless_pass_by_value, reason = "the arguments are not Clone, and are handed on")]
fn rounded<A>(
    args: AccumulatorArgs<'_>,
    make: impl FnOnce(AccumulatorArgs<'_>) -> Result<A>,
) -> Result<Box<Narrowed<A>>> {
    let after = args.return_field.data_type().clone();
    let mut longer = after.clone();
    if let DataType::Decimal128(precision, scale) = &mut longer
        && scale.unsigned_abs() < DECIMAL128_MAX_PRECISION
    {
        *precision = DECIMAL128_MAX_PRECISION.min(*precision + 1);
        *scale += 1;
    }
    let return_field = Arc::new(Field::new(args.return_field.name(), longer, true));
    let inner = make(AccumulatorArgs { return_field, ..args })?;
    Ok(Box::new(Narrowed { inner, before: None, after }))
}

impl AggregateUDFImpl for Mean {
    fn name(&self) -> &str {
        self.engines.name()
    }

    fn aliases(&self) -> &[String] {
        self.engines.aliases()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.engines.return_type(arguments)
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(rounded(args, |args| self.engines.accumulator(args))?)
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(rounded(args, |args| self.engines.create_sliding_accumulator(args))?)
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        self.engines.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(rounded(args, |args| self.engines.create_groups_accumulator(args))?)
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        self.engines.state_fields(args)
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}
