//! Pictures of what was measured: a chart of a result, and a waterfall of spans.
//!
//! Decides whether a chart helps to read a result, which one, and how it is drawn: as a Vega-Lite
//! specification or as text for a terminal. Does not decide whether the result is right, works out no
//! figure that is not in it, and writes nothing anywhere.
//!
//! - **D-1** What is drawn are cells of the table. A length or a height is a cell's value to scale.
//! - **D-2** Nothing is left out in silence: a chart that shows a part of the rows says so.
//! - **D-3** A cell is data: it never becomes the name of a field, an expression, or a character that
//!   steers a terminal.
//! - **D-4** A line of text is never wider than asked.

mod bars;
mod chart;
mod columns;
mod dimension;
mod figure;
mod line;
mod moment;
mod raster;
mod scale;
mod shape;
mod suggest;
mod terminal;
mod tree;
mod vega;
mod waterfall;

pub use chart::Chart;
pub use shape::{ChartShape, ColumnRole, Grain};
pub use suggest::suggest;
pub use waterfall::{SPAN_LINES_MAX, SpanBar, waterfall};

#[cfg(test)]
mod tests;
