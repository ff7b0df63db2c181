//! Characters on which lines are traced.
//!
//! Decides what is seen where lines meet. One line is drawn in the dots of braille, eight to a
//! character; several are told apart by marks, one to a character.

/// The marks of the lines, in order.
pub(crate) const MARKS: [char; 6] = ['*', 'o', '+', 'x', '#', '@'];
/// What stands where several lines are.
pub(crate) const SEVERAL: char = '&';

/// A place on a raster, from its lower left corner.
pub(crate) type Dot = (usize, usize);

/// A raster of dots.
#[derive(Debug)]
pub(crate) struct Raster {
    width: usize,
    height: usize,
    /// The series whose line goes through a dot, row by row from below.
    dots: Vec<Option<Held>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Held {
    One(usize),
    Several,
}

impl Raster {
    /// A raster of at least one dot.
    pub(crate) fn new(width: usize, height: usize) -> Self {
        let (width, height) = (width.max(1), height.max(1));
        Self { width, height, dots: vec![None; width * height] }
    }

    pub(crate) fn right(&self) -> usize {
        self.width - 1
    }

    pub(crate) fn top(&self) -> usize {
        self.height - 1
    }

    /// Draws from one dot to another, both included.
    pub(crate) fn trace(&mut self, series: usize, from: Dot, to: Dot) {
        let steps = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1));
        for step in 0..=steps {
            let (x, y) = (between(from.0, to.0, step, steps), between(from.1, to.1, step, steps));
            if let Some(held) = self.dots.get_mut(y * self.width + x).filter(|_| x < self.width) {
                *held = match *held {
                    None => Some(Held::One(series)),
                    Some(Held::One(other)) if other == series => Some(Held::One(series)),
                    Some(Held::One(_) | Held::Several) => Some(Held::Several),
                };
            }
        }
    }

    pub(crate) fn has_several(&self) -> bool {
        self.dots.contains(&Some(Held::Several))
    }

    /// The rows from above, a character for each dot.
    pub(crate) fn marks(&self) -> Vec<String> {
        let mark = |held: &Option<Held>| match held {
            None => ' ',
            Some(Held::One(series)) => MARKS.get(*series).copied().unwrap_or(SEVERAL),
            Some(Held::Several) => SEVERAL,
        };
        self.dots.chunks(self.width).rev().map(|row| row.iter().map(mark).collect()).collect()
    }

    /// The rows from above, a character for two by four dots.
    pub(crate) fn braille(&self) -> Vec<String> {
        let rows: Vec<&[Option<Held>]> = self.dots.chunks(self.width).rev().collect();
        let bits = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
        let cell = |four: &[&[Option<Held>]], x: usize| {
            let mut code = 0x2800_u32;
            for (row, bits) in four.iter().zip(bits) {
                for (held, bit) in row.iter().skip(x * 2).zip(bits) {
                    code += if held.is_some() { bit } else { 0 };
                }
            }
            if code == 0x2800 { ' ' } else { char::from_u32(code).unwrap_or(' ') }
        };
        let cells = self.width.div_ceil(2);
        rows.chunks(4).map(|four| (0..cells).map(|x| cell(four, x)).collect()).collect()
    }
}

/// The whole number that is so many steps of the way from one to another, rounded.
fn between(from: usize, to: usize, step: usize, steps: usize) -> usize {
    let steps = steps.max(1);
    let way = (from.abs_diff(to) * step * 2 + steps) / (steps * 2);
    if to >= from { from + way } else { from - way }
}

#[cfg(test)]
mod tests;
