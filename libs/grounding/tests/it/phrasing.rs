//! The words in which a model may put a statement: sentences, lists, bold print, brackets.

use crate::statements::{Statement, amount, percent};
use crate::world::{Dice, World};
use Statement::*;

const RANKS: [&str; 6] = ["first", "second", "third", "fourth", "fifth", "sixth"];
const NUMBERS: [&str; 11] =
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

/// What a sentence is filled with.
struct Blanks<'a> {
    world: &'a World,
    a: String,
    b: String,
    fees: &'static str,
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// A name as models write it: plain, in quotes or in bold print. One that begins with a small letter is
/// quoted at the start of a sentence.
fn name(world: &World, row: usize, dice: &mut Dice) -> String {
    let name = world.names[row];
    match dice.below(4) {
        0 => format!("\"{name}\""),
        1 => format!("**{name}**"),
        _ => name.to_owned(),
    }
}

fn number(count: usize, dice: &mut Dice) -> String {
    if dice.coin() {
        count.to_string()
    } else {
        NUMBERS.get(count).map_or(count.to_string(), |word| (*word).to_owned())
    }
}

/// Puts a statement into one of several sentences.
pub(crate) fn say(statement: &Statement, world: &World, dice: &mut Dice) -> String {
    let blanks = |rows: &[usize], metric: usize, dice: &mut Dice| Blanks {
        world,
        a: rows.first().map_or_else(String::new, |row| name(world, *row, dice)),
        b: rows.get(1).map_or_else(String::new, |row| name(world, *row, dice)),
        fees: world.metrics[metric].named.text,
    };
    let all = match statement {
        Value { row, metric, amount: x } => {
            value(&blanks(&[*row], *metric, dice), &amount(world, *metric, *x))
        }
        Two { rows, metric, amounts } => {
            two(&blanks(rows, *metric, dice), &amounts.map(|x| amount(world, *metric, x)))
        }
        Both { row, amounts } => both(
            &blanks(&[*row], 0, dice),
            world.metrics[1].named.text,
            &[amount(world, 0, amounts[0]), amount(world, 1, amounts[1])],
        ),
        Total { metric, amount: x } => total(&blanks(&[], *metric, dice), &amount(world, *metric, *x)),
        TotalAcross { metric, amount: x, count } => {
            let count = number(*count, dice);
            total_across(&blanks(&[], *metric, dice), &amount(world, *metric, *x), &count)
        }
        Count { count } => counted(world, &number(*count, dice)),
        Share { row, metric, amount: x, share } => {
            shares(&blanks(&[*row], *metric, dice), &amount(world, *metric, *x), &percent(*share))
        }
        Extreme { row, metric, high } => extreme(&blanks(&[*row], *metric, dice), *high),
        ExtremeAt { row, metric, high, amount: x } => {
            extreme_at(&blanks(&[*row], *metric, dice), *high, &amount(world, *metric, *x))
        }
        Ends { rows, metric, amounts } => {
            ends(&blanks(rows, *metric, dice), &amounts.map(|x| amount(world, *metric, x)))
        }
        Rank { row, metric, rank } => {
            ranks(&blanks(&[*row], *metric, dice), RANKS.get(rank - 1).unwrap_or(&"tenth"))
        }
        Order { rows, metric, amounts } => {
            order(&blanks(rows, *metric, dice), &amounts.map(|x| amount(world, *metric, x)))
        }
        Gap { rows, metric, more, amount: x } => {
            gap(&blanks(rows, *metric, dice), *more, &amount(world, *metric, *x))
        }
        Compare { rows, metric, more } => compare(&blanks(rows, *metric, dice), *more),
        Statement::Percent { rows, metric, percent: x } => {
            percent_more(&blanks(rows, *metric, dice), &percent(*x))
        }
        Times { rows, metric, times } => {
            times_of(&blanks(rows, *metric, dice), &format!("{}.{}", times / 10, times % 10))
        }
        Mean { metric, amount: x } => mean(&blanks(&[], *metric, dice), &amount(world, *metric, *x)),
        Range { metric, ends } => {
            range(&blanks(&[], *metric, dice), &ends.map(|x| amount(world, *metric, x)))
        }
        Together { rows, metric, amount: x, share } => {
            together(&blanks(rows, *metric, dice), &amount(world, *metric, *x), &percent(*share))
        }
        Moved { row, up, now, before, by, growth } => moved(
            &blanks(&[*row], 0, dice),
            *up,
            &[now, before, by].map(|x| amount(world, 0, *x)),
            &percent(*growth),
        ),
        MovedInAll { up, now, before, by, growth } => moved_in_all(
            &blanks(&[], 0, dice),
            *up,
            &[now, before, by].map(|x| amount(world, 0, *x)),
            &percent(*growth),
        ),
        Largest { row, up, by } => largest(&blanks(&[*row], 0, dice), *up, &amount(world, 0, *by)),
        HowMany { count, up } => how_many(&blanks(&[], 0, dice), &number(*count, dice), *count, *up),
        Flat { row } => flat(&blanks(&[*row], 0, dice)),
        Without { row } => without(&blanks(&[*row], 0, dice)),
    };
    capital(&all[dice.below(all.len())])
}

fn value(s: &Blanks<'_>, x: &str) -> Vec<String> {
    let Blanks { a, fees, .. } = s;
    vec![
        format!("{a} had {x} in {fees}."),
        format!("{a} had {fees} of {x}."),
        format!("In {a}, {fees} came to {x}."),
        format!("{a} recorded {fees} of **{x}**."),
        format!("{a}'s {fees} were {x}."),
        format!("For {a}, {fees} stood at {x}."),
        format!("{x} in {fees} came from {a}."),
        format!("The {fees} of {a} were {x}."),
        format!("- {a}: {x} in {fees}"),
        format!("{a} reported {x} in {fees} for the week."),
        format!("From 2026-11-09 to 2026-11-15, {a} generated {x} in {fees}."),
        format!("With {x}, {a} contributed to {fees}."),
    ]
}

fn two(s: &Blanks<'_>, [x, y]: &[String; 2]) -> Vec<String> {
    let Blanks { a, b, fees, .. } = s;
    vec![
        format!("{a} had {x} in {fees}, while {b} had {y}."),
        format!("{a} and {b} had {x} and {y} in {fees}, respectively."),
        format!("{} by name: {a} {x}; {b} {y}.", capital(fees)),
        format!("{} were {x} at {a} and {y} at {b}.", capital(fees)),
        format!("- {a} – {x} in {fees}\n- {b} – {y} in {fees}"),
        format!("{a} ({x}) and {b} ({y}) both had {fees}."),
        format!("{a} recorded {x} in {fees} compared with {y} for {b}."),
        format!("{a}'s {fees} were {x} versus {b}'s {y}."),
    ]
}

fn both(s: &Blanks<'_>, loans: &str, [x, y]: &[String; 2]) -> Vec<String> {
    let Blanks { a, fees, .. } = s;
    vec![
        format!("{a} had {fees} of {x} and {loans} of {y}."),
        format!("{a} had {x} in {fees} and {y} in {loans}."),
        format!("{a}: {fees} {x}, {loans} {y}."),
        format!("With {loans} of {y}, {a} had {fees} of {x}."),
    ]
}

fn total(s: &Blanks<'_>, x: &str) -> Vec<String> {
    let fees = s.fees;
    vec![
        format!("{fees} came to {x} in total."),
        format!("Total {fees} were {x}."),
        format!("{fees} totaled {x} from 2026-11-09 to 2026-11-15."),
        format!("**Total {fees}:** {x}"),
        format!("Overall, {fees} were {x} for the week of 2026-11-09."),
        format!("In the week of November 9, 2026, {fees} amounted to {x}."),
        format!("Between November 9 and November 15, 2026, {fees} reached a total of {x}."),
        format!("Altogether, {fees} came to {x} over the 7 days."),
    ]
}

fn total_across(s: &Blanks<'_>, x: &str, count: &str) -> Vec<String> {
    let (fees, (_, _, stores)) = (s.fees, s.world.kind);
    vec![
        format!("{fees} totaled {x} across {count} {stores}."),
        format!("Across all {count} {stores}, {fees} came to {x}."),
        format!("The {count} {stores} had {x} in {fees} in total."),
        format!("Together, the {count} {stores} generated {x} in {fees}."),
    ]
}

fn counted(world: &World, count: &str) -> Vec<String> {
    let (_, _, stores) = world.kind;
    vec![
        format!("There are {count} {stores} in the result."),
        format!("The result covers {count} {stores}."),
        format!("{count} {stores} are included."),
        format!("The table has {count} rows."),
    ]
}

fn shares(s: &Blanks<'_>, x: &str, share: &str) -> Vec<String> {
    let Blanks { a, fees, .. } = s;
    vec![
        format!("{a} had {x} in {fees} ({share} of the total)."),
        format!("{a} contributed {x} in {fees}, or {share} of the total."),
        format!("{a} accounts for {share} of {fees}, with {x}."),
        format!("{a}'s {fees} of {x} represent {share} of the total."),
        format!("{a}'s {x} made up {share} of all {fees}."),
        format!("{share} of {fees} came from {a}: {x}."),
        format!("With {x}, {a} had a {share} share of {fees}."),
        format!("{a} had {x} in {fees}. This is {share} of the total."),
        format!("- {a}: {x} in {fees} ({share})"),
    ]
}

fn extreme(s: &Blanks<'_>, high: bool) -> Vec<String> {
    let Blanks { a, fees, .. } = s;
    let (_, store, _) = s.world.kind;
    let (best, top) = if high { ("highest", "largest") } else { ("lowest", "smallest") };
    vec![
        format!("{a} had the {best} {fees}."),
        format!("{a} recorded the {top} {fees}."),
        format!("The {store} with the {best} {fees} is {a}."),
        format!("{fees} were {best} at {a}."),
        format!("The {best} {fees} came from {a}."),
    ]
}

fn extreme_at(s: &Blanks<'_>, high: bool, x: &str) -> Vec<String> {
    let Blanks { a, fees, .. } = s;
    let best = if high { "highest" } else { "lowest" };
    vec![
        format!("{a} had the {best} {fees}, {x}."),
        format!("{a} had the {best} {fees} at {x}."),
        format!("The {best} {fees} were {x}, at {a}."),
        format!("{fees} were {best} at {a} ({x})."),
        format!("At {x}, {a} had the {best} {fees}."),
        format!("The {best} {fees}, {x}, came from {a}."),
        format!("**{} {fees}:** {a} with {x}", capital(best)),
    ]
}

fn ends(s: &Blanks<'_>, [x, y]: &[String; 2]) -> Vec<String> {
    let Blanks { a, b, fees, .. } = s;
    vec![
        format!("{a} had the highest {fees}, {x}, and {b} the lowest, {y}."),
        format!("{fees} were highest at {a} ({x}) and lowest at {b} ({y})."),
        format!("{a} leads with {x} in {fees}, while {b} has the smallest at {y}."),
        format!("The highest {fees} were at {a} with {x}; the lowest were at {b} with {y}."),
    ]
}

fn ranks(s: &Blanks<'_>, rank: &str) -> Vec<String> {
    let Blanks { a, fees, .. } = s;
    vec![
        format!("{a} ranks {rank} in {fees}."),
        format!("{a} has the {rank} highest {fees}."),
        format!("{a} came {rank} in {fees}."),
        format!("In terms of {fees}, {a} is in {rank} place."),
        format!("{a} is {rank}-highest in {fees}."),
    ]
}

fn order(s: &Blanks<'_>, [x, y]: &[String; 2]) -> Vec<String> {
    let Blanks { a, b, fees, .. } = s;
    vec![
        format!("{a} had the highest {fees} at {x}, followed by {b} at {y}."),
        format!("{a} leads in {fees} with {x}, followed by {b} ({y})."),
        format!("{a} ranks first in {fees} with {x} and {b} second with {y}."),
        format!("1. {a}: {x} in {fees}\n2. {b}: {y} in {fees}"),
    ]
}

fn gap(s: &Blanks<'_>, more: bool, x: &str) -> Vec<String> {
    let Blanks { a, b, fees, .. } = s;
    let (more, higher, above, leads) =
        if more { ("more", "higher", "above", "leads") } else { ("less", "lower", "below", "trails") };
    vec![
        format!("{a} had {x} {more} in {fees} than {b}."),
        format!("{a}'s {fees} were {x} {higher} than {b}'s."),
        format!("{a} {leads} {b} by {x} in {fees}."),
        format!("{fees} of {a} were {x} {above} those of {b}."),
        format!("Compared with {b}, {a} had {x} {more} in {fees}."),
        format!("{fees} at {a} were {higher} than at {b} by {x}."),
    ]
}

fn compare(s: &Blanks<'_>, more: bool) -> Vec<String> {
    let Blanks { a, b, fees, .. } = s;
    let (higher, exceeded, above) =
        if more { ("higher", "exceeded", "above") } else { ("lower", "were below", "behind") };
    vec![
        format!("{fees} of {a} were {higher} than those of {b}."),
        format!("{a}'s {fees} {exceeded} {b}'s."),
        format!("{a} had {higher} {fees} than {b}."),
        format!("In {fees}, {a} was {above} {b}."),
        format!("{fees} were {higher} at {a} than at {b}."),
    ]
}

fn percent_more(s: &Blanks<'_>, x: &str) -> Vec<String> {
    let Blanks { a, b, fees, .. } = s;
    vec![
        format!("{a}'s {fees} were {x} higher than {b}'s."),
        format!("{a} had {x} more {fees} than {b}."),
        format!("{fees} of {a} exceeded those of {b} by {x}."),
    ]
}

fn times_of(s: &Blanks<'_>, x: &str) -> Vec<String> {
    let Blanks { a, b, fees, .. } = s;
    vec![
        format!("{fees} of {a} were {x} times those of {b}."),
        format!("{a} had {x} times the {fees} of {b}."),
        format!("{a}'s {fees} were {x}x {b}'s."),
    ]
}

fn mean(s: &Blanks<'_>, x: &str) -> Vec<String> {
    let (fees, (_, store, stores)) = (s.fees, s.world.kind);
    vec![
        format!("On average, {fees} were {x}."),
        format!("{fees} averaged {x} per {store}."),
        format!("The average was {x} in {fees} per {store}."),
        format!("The {stores} had an average of {x} in {fees}."),
    ]
}

fn range(s: &Blanks<'_>, [x, y]: &[String; 2]) -> Vec<String> {
    let (fees, (_, _, stores)) = (s.fees, s.world.kind);
    vec![
        format!("{fees} ranged from {x} to {y}."),
        format!("{fees} range between {x} and {y} across the {stores}."),
        format!("{fees} went from a low of {x} to a high of {y}."),
        format!("The lowest {fees} were {x} and the highest {y}."),
    ]
}

fn together(s: &Blanks<'_>, x: &str, share: &str) -> Vec<String> {
    let Blanks { a, b, fees, .. } = s;
    vec![
        format!("Together, {a} and {b} had {x} in {fees}, {share} of the total."),
        format!("{a} and {b} together account for {share} of {fees}, or {x}."),
        format!("{a} and {b} combined for {x} in {fees} ({share} of the total)."),
    ]
}

fn moved(s: &Blanks<'_>, up: bool, [now, before, by]: &[String; 3], growth: &str) -> Vec<String> {
    let Blanks { a, fees, .. } = s;
    let (rose, rising, rise, up, more, sign) = if up {
        ("rose", "rising", "increase", "up", "more", "+")
    } else {
        ("fell", "falling", "decrease", "down", "less", "-")
    };
    vec![
        format!("{a}'s {fees} {rose} {growth} to {now}, from {before} in the previous week."),
        format!("{a} had {fees} of {now}, {up} {by} ({growth}) from {before}."),
        format!(
            "{fees} at {a} {rose} from {before} to {now}, {an} {rise} of {by} or {growth}.",
            an = if up == "up" { "an" } else { "a" }
        ),
        format!("{a} {rose} by {by} ({growth}), {rising} from {before} to {now}."),
        format!("- **{}**: {now}, {up} {growth} from {before} ({sign}{by})", a.replace("**", "")),
        format!("{a}: {now} vs. {before} the week before ({sign}{growth}, {sign}{by})"),
        format!(
            "{a} had {now} in {fees}, {by} {more} than the previous week's {before}; that is a {growth} {rise}."
        ),
        format!(
            "{a}'s {fees} were {now}, compared with {before} in the prior week, {a} {rise} of {by} ({growth}).",
            a = a
        ),
        format!("Week over week, {a} {rose} {growth}, from {before} to {now}, by {by}."),
    ]
}

fn moved_in_all(s: &Blanks<'_>, up: bool, [now, before, by]: &[String; 3], growth: &str) -> Vec<String> {
    let fees = s.fees;
    let (rose, rise, up, higher, sign) = if up {
        ("rose", "an increase", "up", "higher", "+")
    } else {
        ("fell", "a decrease", "down", "lower", "-")
    };
    vec![
        format!("Overall, {fees} {rose} {growth} to {now}, from {before} in the previous week, by {by}."),
        format!("{fees} were {now}, {up} {by} ({growth}) from {before}."),
        format!(
            "Total {fees} {rose} from {before} (2026-11-02 to 2026-11-08) to {now} (2026-11-09 to 2026-11-15), {rise} of {by} ({growth})."
        ),
        format!(
            "{fees} came to {now}, compared with {before} the week before, {rise} of {growth} ({sign}{by})."
        ),
        format!(
            "In total, {fees} were {now}, {by} {higher} than in the previous week ({before}), {sign}{growth}."
        ),
    ]
}

fn largest(s: &Blanks<'_>, up: bool, x: &str) -> Vec<String> {
    let Blanks { a, fees, .. } = s;
    let (increase, rise, up, rose) =
        if up { ("increase", "rise", "up", "rose") } else { ("decrease", "fall", "down", "fell") };
    vec![
        format!("{a} had the largest {increase}, {x}."),
        format!("The largest {rise} was at {a}, {up} {x}."),
        format!("{a} saw the biggest {rise} in {fees}, by {x}."),
        format!("{a} {rose} the most, by {x}."),
        format!("**Largest {rise}:** {a}, {up} {x}"),
    ]
}

fn how_many(s: &Blanks<'_>, n: &str, count: usize, up: bool) -> Vec<String> {
    let (fees, (_, store, stores)) = (s.fees, s.world.kind);
    let (rose, increased) = if up { ("rose", "increased") } else { ("fell", "decreased") };
    let stores = if count == 1 { store } else { stores };
    vec![
        format!("{fees} {rose} at {n} {stores}."),
        format!("{n} {stores} {increased}."),
        format!("{n} of the {} {} {rose}.", s.world.names.len(), s.world.kind.2),
    ]
}

fn flat(s: &Blanks<'_>) -> Vec<String> {
    let Blanks { a, fees, .. } = s;
    vec![
        format!("{a} was unchanged."),
        format!("{fees} at {a} were flat compared with the previous week."),
        format!("{a}'s {fees} remained steady."),
    ]
}

fn without(s: &Blanks<'_>) -> Vec<String> {
    let Blanks { a, .. } = s;
    vec![
        format!("{a} has nothing to compare with."),
        format!("For {a}, there is nothing to compare with in the previous week."),
        format!("{a} has no earlier value to compare with."),
    ]
}
