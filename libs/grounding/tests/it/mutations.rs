//! True narratives in many words are proved, and each is refused once a figure, a name, a rank, a
//! direction, a date or a unit of it is changed so that it is no longer true.

use crate::statements::Statement;
use crate::world::{Dice, World};
use splitplane_grounding::prove;
use std::collections::BTreeMap;

/// Worlds with a narrative of one to three true statements.
fn told(seed: u64) -> Option<(World, Vec<Statement>, Dice)> {
    let mut dice = Dice::new(seed);
    let world = World::new(&mut dice);
    let wanted = 1 + dice.below(3);
    let statements: Vec<Statement> =
        (0..12).filter_map(|_| Statement::any(&world, &mut dice)).take(wanted).collect();
    (!statements.is_empty()).then_some((world, statements, dice))
}

fn is_proved(world: &World, text: &str) -> bool {
    prove(text, &world.case.table, &world.case.context).is_ok()
}

fn narrative(world: &World, statements: &[Statement], dice: &mut Dice) -> String {
    let said: Vec<String> = statements.iter().map(|statement| statement.say(world, dice)).collect();
    // Lines of a list stand on lines of their own.
    said.join(if said.iter().any(|text| ['-', '1', '*'].iter().any(|c| text.starts_with(*c))) {
        "\n"
    } else {
        " "
    })
}

#[test]
fn of_true_narratives_less_than_two_in_a_hundred_are_refused() {
    let (mut refused, mut all) = (Vec::new(), 0);
    for (world, statements, mut dice) in (0..2_500).filter_map(told) {
        let text = narrative(&world, &statements, &mut dice);
        all += 1;
        if let Err(error) = prove(&text, &world.case.table, &world.case.context) {
            refused.push(format!("{text:?} {error} {statements:?}"));
        }
    }
    println!("{} of {all} true narratives refused", refused.len());
    assert!(all > 2_000 && refused.len() * 50 < all, "{} of {all}:\n{}", refused.len(), refused.join("\n"));
}

#[test]
fn statements_that_were_made_false_are_refused() {
    let mut made: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut proved = Vec::new();
    for (world, statements, mut dice) in (0..8_000).filter_map(told) {
        let at = dice.below(statements.len());
        let (changed, how) = statements[at].changed(&world, &mut dice);
        if changed.holds(&world) {
            continue;
        }
        // In the same words: a sentence that does not say what was changed is as true as before.
        let before = narrative(&world, &statements, &mut dice.clone());
        let mut statements = statements;
        statements[at] = changed;
        let text = narrative(&world, &statements, &mut dice);
        if text == before {
            continue;
        }
        let count = made.entry(how).or_default();
        count.0 += 1;
        if is_proved(&world, &text) {
            count.1 += 1;
            proved.push(format!("{how}: {text:?} {:?} {:?}", statements[at], world.metrics[0].now));
        }
    }
    println!("made false, proved: {made:?}");
    assert!(made.values().map(|count| count.0).sum::<usize>() > 3_000, "{made:?}");
    assert!(proved.is_empty(), "{made:?}\n{}", proved.join("\n"));
}

/// The text with its first `from` as `to`, if it has one.
fn replaced(text: &str, from: &str, to: &str) -> Option<String> {
    text.contains(from).then(|| text.replacen(from, to, 1))
}

/// The text with one digit written as another sign that looks like it.
fn disguised(text: &str, dice: &mut Dice, sign: impl Fn(u32) -> String) -> Option<String> {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let chosen = dice.below(digits.max(1));
    let mut seen = 0;
    let disguise = |c: char| {
        let here = c.is_ascii_digit() && seen == chosen;
        seen += usize::from(c.is_ascii_digit());
        if here { sign(c.to_digit(10).unwrap()) } else { c.to_string() }
    };
    (digits > 0).then(|| text.chars().map(disguise).collect())
}

fn sign(base: u32, digit: u32) -> String {
    char::from_u32(base + digit).unwrap().to_string()
}

const OPPOSITES: [(&str, &str); 20] = [
    ("highest", "lowest"),
    ("lowest", "highest"),
    ("largest", "smallest"),
    ("smallest", "largest"),
    ("higher", "lower"),
    ("lower", "higher"),
    (" more ", " less "),
    (" less ", " more "),
    ("above", "below"),
    ("below", "above"),
    ("exceeded", "trailed"),
    ("leads ", "trails "),
    ("trails ", "leads "),
    (" rose", " fell"),
    (" fell", " rose"),
    (" up ", " down "),
    (" down ", " up "),
    ("increase", "decrease"),
    ("decrease", "increase"),
    ("unchanged", "up"),
];

const ENDINGS: [&str; 14] = [
    " This was because of the weather.",
    " It will grow.",
    " Riverside had more.",
    " riverside is included.",
    " There are one hundred and five of them.",
    " There are XII stores.",
    " This is a quarter of the total.",
    " This doubled.",
    " Prices should be raised.",
    " A forecast of 5% is likely.",
    " This is the best result ever.",
    " Customers were happy.",
    " See https://example.org.",
    " That was in 2019.",
];

/// A true text made false, or made to say what no cell can prove, and how.
fn tampered(text: &str, world: &World, dice: &mut Dice) -> Option<(&'static str, String)> {
    let opposite = *dice.pick(&OPPOSITES);
    let name = world.names[dice.below(world.names.len())];
    let quoted = text.contains(&format!("\"{name}\""));
    let (how, text) = match dice.below(16) {
        0 => ("currency", replaced(text, "$", "€").or_else(|| replaced(text, " EUR", " CHF"))),
        1 => ("unit", replaced(text, "%", " percentage points")),
        2 => ("unit", replaced(text, "%", "‰")),
        3 => ("digit of another script", disguised(text, dice, |digit| sign(0x660, digit))),
        4 => ("digit of another width", disguised(text, dice, |digit| sign(0xff10, digit))),
        5 => ("superscript", disguised(text, dice, |digit| format!("{digit}\u{b2}"))),
        6 => ("entity", disguised(text, dice, |digit| format!("&#{};", 48 + digit))),
        7 => ("zero width", disguised(text, dice, |digit| format!("\u{200b}{digit}"))),
        8 => (
            "negation",
            replaced(text, " had ", " had not ").or_else(|| replaced(text, " were ", " weren't ")),
        ),
        9 | 10 => ("direction", replaced(text, opposite.0, opposite.1)),
        11 => (
            "date",
            replaced(text, "2026-11-09", "2026-11-10").or_else(|| replaced(text, "November 9", "November 8")),
        ),
        12 => (
            "period",
            replaced(text, "previous week", "previous month").or_else(|| replaced(text, "7 days", "8 days")),
        ),
        13 if !quoted => {
            ("invented name", replaced(text, name, ["Riverside", "riverside", "Harbor"][dice.below(3)]))
        }
        14 => (
            "bound",
            replaced(text, " had $", " had over $")
                .or_else(|| replaced(text, " came to ", " came to nearly ")),
        ),
        _ => ("ending", Some(format!("{text}{}", dice.pick(&ENDINGS)))),
    };
    text.map(|text| (how, text))
}

#[test]
fn texts_that_were_tampered_with_are_refused() {
    let mut made: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut proved = Vec::new();
    for (world, statements, mut dice) in (100_000..105_000).filter_map(told) {
        let text = narrative(&world, &statements, &mut dice);
        // Of a text that is refused as it is, the change shows nothing.
        if !is_proved(&world, &text) {
            continue;
        }
        let Some((how, changed)) = tampered(&text, &world, &mut dice) else { continue };
        // As many may have fallen as rose.
        if how == "direction"
            && statements.iter().any(|statement| matches!(statement, Statement::HowMany { .. }))
        {
            continue;
        }
        let count = made.entry(how).or_default();
        count.0 += 1;
        if is_proved(&world, &changed) {
            count.1 += 1;
            proved.push(format!("{how}: {changed:?}"));
        }
    }
    println!("tampered with, proved: {made:?}");
    assert!(made.values().map(|count| count.0).sum::<usize>() > 1_500, "{made:?}");
    assert!(proved.is_empty(), "{made:?}\n{}", proved.join("\n"));
}
