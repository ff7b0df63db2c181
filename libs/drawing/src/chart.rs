//! A chart: places along one axis, values to scale along the other.
//!
//! Decides nothing; [`crate::suggest`] is its only maker.

use crate::figure::Figure;
use crate::terminal::{flow, page};
use crate::{Grain, bars, line, vega};
use serde_json::Value;

/// Wider drawings are no easier to read.
const WIDTH_MAX: usize = 400;

/// A chart of a result. Its texts are inert.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    pub(crate) title: String,
    /// What of the table is not drawn.
    pub(crate) note: Option<String>,
    pub(crate) form: Form,
    pub(crate) place_title: String,
    pub(crate) value_title: String,
    pub(crate) places: Vec<crate::dimension::Place>,
    pub(crate) series: Option<Series>,
    /// In the order of the table.
    pub(crate) points: Vec<Point>,
}

/// How a chart is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A bar for each point.
    Bars,
    /// A line for each series, along time.
    Line(Option<Grain>),
}

/// What tells points of one place apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Series {
    /// The dimension's name; figures of one row have none.
    pub(crate) title: Option<String>,
    pub(crate) names: Vec<String>,
}

/// A cell with its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub(crate) place: usize,
    /// 0 where there are no series.
    pub(crate) series: usize,
    pub(crate) figure: Option<Figure>,
}

impl Chart {
    /// The chart as a specification in Vega-Lite 5, with its data in it.
    #[must_use]
    pub fn vega_lite(&self) -> Value {
        vega::specification(self)
    }

    /// The chart as text of at most `width` columns: no colour, no control character but line ends.
    #[must_use]
    pub fn text(&self, width: usize) -> String {
        let width = width.min(WIDTH_MAX);
        let mut lines = flow(self.title.split_whitespace(), " ", width);
        lines.push(self.value_title.clone());
        lines.push(String::new());
        lines.extend(match self.form {
            Form::Bars => bars::lines(self, width),
            Form::Line(_) => line::lines(self, width),
        });
        lines.extend(self.note.clone());
        page(lines, width)
    }

    pub(crate) fn figures(&self) -> impl Iterator<Item = Figure> + Clone + '_ {
        self.points.iter().filter_map(|point| point.figure)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = f64> + Clone + '_ {
        self.figures().map(Figure::drawn)
    }
}
