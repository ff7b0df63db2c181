//! OVER: partitions, order and frames, with an order that leaves nothing to chance.
//!
//! A function whose value depends on how equal rows are ordered gets every column in sight as a last
//! key. Others must not: for `rank` and for frames by value, equal rows are meant to be equal.

use super::scope::RowKeys;
use super::{Checked, Facts, Walk, build, instead, not_allowed};
use crate::bounds::WINDOWS_MAX;
use crate::error::GuardError;
use crate::functions::{AllowedFunction, FunctionKind};
use sqlparser::ast::{
    Expr, Ident, NamedWindowDefinition, NamedWindowExpr, OrderByExpr, OrderByOptions, WindowFrame,
    WindowFrameBound, WindowFrameUnits, WindowSpec, WindowType,
};

const ROW_KEYS_MAX: usize = 128;
const FRAME_ROWS_MAX: i32 = 1_000_000;

impl Walk<'_> {
    pub(super) fn over(
        &mut self,
        function: &AllowedFunction,
        window: &WindowType,
    ) -> Result<(WindowType, Facts), GuardError> {
        let named;
        let spec = match window {
            WindowType::WindowSpec(spec) => spec,
            WindowType::NamedWindow(name) => {
                named = self.window_of(name)?;
                &named
            }
        };
        let WindowSpec { window_name, partition_by, order_by, window_frame } = spec;
        if let Some(name) = window_name {
            // `OVER (w)` is `OVER w`; on Databricks nothing can be added to a window that has a name.
            if !partition_by.is_empty() || !order_by.is_empty() || window_frame.is_some() {
                return Err(instead("a window that adds to another", "write the whole window"));
            }
            return self.over(function, &WindowType::NamedWindow(name.clone()));
        }
        let mut facts = Facts::PLAIN;
        let mut partitions = Vec::with_capacity(partition_by.len());
        for expr in partition_by {
            let checked = self.window_key(expr)?;
            facts = facts.with(checked.facts);
            partitions.push(checked.expr);
        }
        let mut keys = Vec::with_capacity(order_by.len());
        for item in order_by {
            let OrderByExpr { expr, options: OrderByOptions { asc, nulls_first }, with_fill: None } = item
            else {
                return Err(not_allowed("WITH FILL"));
            };
            let checked = self.window_key(expr)?;
            facts = facts.with(checked.facts);
            keys.push(build::sort_key(checked.expr, *asc != Some(false), *nulls_first));
        }
        let frame = window_frame.as_ref().map(|frame| self.frame(frame)).transpose()?;
        let by_rows = frame.as_ref().is_some_and(|frame| frame.units == WindowFrameUnits::Rows);
        check_function(function, !keys.is_empty(), frame.is_some(), by_rows)?;
        if by_rows || depends_on_ties(function) {
            self.append_row_keys(&mut keys)?;
        }
        self.count_window(&partitions, &keys)?;
        let spec =
            WindowSpec { window_name: None, partition_by: partitions, order_by: keys, window_frame: frame };
        Ok((WindowType::WindowSpec(spec), facts))
    }

    fn count_window(&mut self, partitions: &[Expr], keys: &[OrderByExpr]) -> Result<(), GuardError> {
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        if !frame.used.iter().any(|(known, order)| known == partitions && order == keys) {
            frame.used.push((partitions.to_vec(), keys.to_vec()));
        }
        if frame.used.len() > WINDOWS_MAX {
            return Err(GuardError::too_complex(format!("more than {WINDOWS_MAX} different windows")));
        }
        Ok(())
    }

    /// The windows that a WINDOW clause names, for the innermost SELECT.
    pub(super) fn name_windows(&mut self, windows: &[NamedWindowDefinition]) -> Result<(), GuardError> {
        let mut named: Vec<(String, WindowSpec)> = Vec::with_capacity(windows.len());
        for NamedWindowDefinition(name, window) in windows {
            self.spend(1)?;
            let NamedWindowExpr::WindowSpec(spec) = window else {
                return Err(instead("a window that is another", "write the whole window"));
            };
            let name = self.own_name(name)?;
            if spec.window_name.is_some() {
                return Err(instead("a window that adds to another", "write the whole window"));
            }
            if named.iter().any(|(other, _)| other.eq_ignore_ascii_case(&name)) {
                return Err(instead("two windows of one name", "give each window its own name"));
            }
            named.push((name, spec.clone()));
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.windows = named;
        }
        Ok(())
    }

    fn window_of(&self, name: &Ident) -> Result<WindowSpec, GuardError> {
        let mut windows = self.frames.iter().rev().take(1).flat_map(|frame| &frame.windows);
        match windows.find(|(known, _)| known.eq_ignore_ascii_case(&name.value)) {
            Some((_, spec)) => Ok(spec.clone()),
            None => {
                let start = name.span.start;
                let what = format!("unknown window `{}`", name.value);
                Err(GuardError::not_allowed(what, "name it: WINDOW w AS (PARTITION BY .. ORDER BY ..)")
                    .at(start.line, start.column))
            }
        }
    }

    fn window_key(&mut self, expr: &Expr) -> Result<Checked, GuardError> {
        let checked = self.expr(expr)?;
        // A number here is a constant, not a position: it orders nothing.
        if matches!(checked.expr, Expr::Value(_)) || checked.facts.window {
            return Err(not_allowed("a constant or a window function inside OVER"));
        }
        Ok(checked)
    }

    fn append_row_keys(&mut self, keys: &mut Vec<OrderByExpr>) -> Result<(), GuardError> {
        let Some(frame) = self.frames.last() else { return Err(not_allowed("OVER outside of SELECT")) };
        let mut read = Vec::new();
        let row_keys: Vec<Expr> = match &frame.row_keys {
            RowKeys::Groups(groups) => groups.clone(),
            RowKeys::Input => {
                let places = frame.visible().flat_map(|(_, binding)| binding.places());
                places
                    .map(|place| {
                        read.extend(place.of_view());
                        place.reference().expr
                    })
                    .collect()
            }
            RowKeys::None => return Err(not_allowed("a window that counts rows over grouping sets")),
        };
        if row_keys.len() > ROW_KEYS_MAX {
            return Err(GuardError::too_complex("a window that counts rows over too many columns"));
        }
        self.reads.columns.extend(read);
        for expr in row_keys {
            if !keys.iter().any(|key| key.expr == expr) {
                keys.push(build::sort_key(expr, true, None));
            }
        }
        Ok(())
    }

    fn frame(&mut self, frame: &WindowFrame) -> Result<WindowFrame, GuardError> {
        let WindowFrame { units, start_bound, end_bound } = frame;
        let by_rows = match units {
            WindowFrameUnits::Rows => true,
            WindowFrameUnits::Range => false,
            WindowFrameUnits::Groups => return Err(not_allowed("a frame of GROUPS")),
        };
        let start_bound = self.bound(start_bound, by_rows)?;
        let end_bound = end_bound.as_ref().map(|bound| self.bound(bound, by_rows)).transpose()?;
        Ok(WindowFrame { units: *units, start_bound, end_bound })
    }

    fn bound(&mut self, bound: &WindowFrameBound, by_rows: bool) -> Result<WindowFrameBound, GuardError> {
        Ok(match bound {
            WindowFrameBound::CurrentRow => WindowFrameBound::CurrentRow,
            WindowFrameBound::Preceding(None) => WindowFrameBound::Preceding(None),
            WindowFrameBound::Following(None) => WindowFrameBound::Following(None),
            WindowFrameBound::Preceding(Some(far)) => {
                WindowFrameBound::Preceding(Some(Box::new(self.distance(far, by_rows)?)))
            }
            WindowFrameBound::Following(Some(far)) => {
                WindowFrameBound::Following(Some(Box::new(self.distance(far, by_rows)?)))
            }
        })
    }

    fn distance(&mut self, far: &Expr, by_rows: bool) -> Result<Expr, GuardError> {
        if let Expr::Interval(interval) = far
            && !by_rows
        {
            return Ok(self.interval(interval)?.expr);
        }
        match super::literal::literal_integer(far) {
            Some(rows) if (0..=FRAME_ROWS_MAX).contains(&rows) => Ok(build::number(&rows.to_string())),
            Some(_) | None => Err(not_allowed("a frame of a computed or huge distance")),
        }
    }
}

/// Whether the value changes when rows that compare equal change places.
fn depends_on_ties(function: &AllowedFunction) -> bool {
    matches!(
        function.name,
        "row_number" | "ntile" | "lag" | "lead" | "first_value" | "last_value" | "nth_value"
    )
}

fn check_function(
    function: &AllowedFunction,
    ordered: bool,
    framed: bool,
    by_rows: bool,
) -> Result<(), GuardError> {
    let takes_frame = function.kind == FunctionKind::Aggregate || function.name.ends_with("_value");
    if framed && !takes_frame {
        return Err(not_allowed("a frame for this function"));
    }
    if !ordered && (function.kind == FunctionKind::Window || framed) {
        return Err(GuardError::not_allowed(
            format!("`{}` over rows without an order", function.name),
            "write OVER (ORDER BY ..)",
        ));
    }
    // Up to the current row's equals, whose last one would be whichever comes last.
    if matches!(function.name, "last_value" | "nth_value") && !by_rows {
        return Err(GuardError::not_allowed(
            format!("`{}` without a frame of rows", function.name),
            "write ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
        ));
    }
    Ok(())
}
