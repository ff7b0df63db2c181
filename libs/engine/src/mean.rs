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

/// The same arguments for a mean of a digit more, and the type that was promised; nothing where all digits are taken.
fn longer(args: AccumulatorArgs<'_>) -> (AccumulatorArgs<'_>, Option<DataType>) {
    let promised = args.return_field.data_type().clone();
    let DataType::Decimal128(precision, scale) = promised else { return (args, None) };
    if scale.unsigned_abs() >= DECIMAL128_MAX_PRECISION {
        return (args, None);
    }
    let digit_more = DataType::Decimal128(DECIMAL128_MAX_PRECISION.min(precision + 1), scale + 1);
    let return_field = Arc::new(Field::new(args.return_field.name(), digit_more, true));
    (AccumulatorArgs { return_field, ..args }, Some(promised))
}

fn shortened<A>(inner: A, after: DataType) -> Narrowed<A> {
    Narrowed { inner, before: None, after }
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
        let (args, promised) = longer(args);
        let inner = self.engines.accumulator(args)?;
        Ok(match promised {
            Some(promised) => Box::new(shortened(inner, promised)),
            None => inner,
        })
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let (args, promised) = longer(args);
        let inner = self.engines.create_sliding_accumulator(args)?;
        Ok(match promised {
            Some(promised) => Box::new(shortened(inner, promised)),
            None => inner,
        })
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        self.engines.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        let (args, promised) = longer(args);
        let inner = self.engines.create_groups_accumulator(args)?;
        Ok(match promised {
            Some(promised) => Box::new(shortened(inner, promised)),
            None => inner,
        })
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
