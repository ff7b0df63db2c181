//! Text that can stand in a terminal: inert, and of a known width.
//!
//! Decides what a character is replaced by and how many columns it takes. Where terminals disagree
//! about a character it takes the wider answer: a line that is too short is no harm.

/// What ends a text that was cut.
const CUT: char = '…';

/// Control characters, marks that reorder a line and characters that cannot be seen become U+FFFD.
pub(crate) fn inert(text: &str) -> String {
    let hostile = |c: char| {
        c.is_control()
            || matches!(c,
                '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
                | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
    };
    text.chars().map(|c| if hostile(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// The columns that a character takes.
const fn columns_of(c: char) -> usize {
    match c {
        '\u{300}'..='\u{34e}' | '\u{350}'..='\u{36f}' => 0,
        // The mark that asks for a coloured picture widens the character before it.
        '\u{fe0f}' => 1,
        '\u{1100}'..='\u{11ff}'
        | '\u{17a4}'
        | '\u{231a}'..='\u{23ff}'
        | '\u{25fd}'..='\u{27bf}'
        | '\u{2b00}'..='\u{2bff}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{a960}'..='\u{a97f}'
        | '\u{ac00}'..='\u{d7ff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe10}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ffef}'
        | '\u{16fe0}'..='\u{1b2ff}'
        | '\u{1d300}'..='\u{1d37f}'
        | '\u{1f000}'..='\u{3ffff}' => 2,
        '\u{17d8}' => 3,
        _ => 1,
    }
}

/// The columns that a text takes.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// The text, cut where it is wider.
pub(crate) fn clip(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let Some(room) = width.checked_sub(1) else { return String::new() };
    let mut clipped = String::new();
    let mut taken = 0;
    for c in text.chars() {
        taken += columns_of(c);
        if taken > room {
            break;
        }
        clipped.push(c);
    }
    clipped.push(CUT);
    clipped
}

/// The text in so many columns, at their left.
pub(crate) fn left(text: &str, width: usize) -> String {
    let text = clip(text, width);
    let space = " ".repeat(width.saturating_sub(columns(&text)));
    text + &space
}

/// The text in so many columns, at their right.
pub(crate) fn right(text: &str, width: usize) -> String {
    let text = clip(text, width);
    " ".repeat(width.saturating_sub(columns(&text))) + &text
}

/// Pieces one after the other, with a gap between, on as many lines as they need.
pub(crate) fn flow<'a>(pieces: impl Iterator<Item = &'a str>, gap: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for piece in pieces {
        let piece = clip(piece, width);
        match lines.last_mut() {
            Some(line) if columns(line) + columns(gap) + columns(&piece) <= width => {
                line.push_str(gap);
                line.push_str(&piece);
            }
            Some(_) | None => lines.push(piece),
        }
    }
    lines
}

/// A text of lines, none of them wider than `width` or with spaces at its end.
pub(crate) fn page(lines: impl IntoIterator<Item = String>, width: usize) -> String {
    lines.into_iter().map(|line| format!("{}\n", clip(line.trim_end(), width))).collect()
}

#[cfg(test)]
mod tests;
