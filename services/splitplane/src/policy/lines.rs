//! Chains of rules and grants, as lines for people.

use splitplane_lab::{
    Audience, RowGroup, Verdict, WhoCanSee, WhyNot, WhyNotOutcome, failure_lines, step_lines,
};

const INDENT: &str = "    ";

/// Who sees the rows of a key.
pub(super) fn who_can_see(found: &WhoCanSee, most: usize) -> String {
    if found.rows == 0 {
        return format!("No row of {} holds {}.\n", found.dataset, key(&found.key));
    }
    let mut text = format!("{} of {} with {}:\n", rows(found.rows), found.dataset, key(&found.key));
    for group in found.groups.iter().take(most) {
        text.push_str(&audience(group, most));
    }
    text.push_str(&beyond(found.groups.len(), most, "groups of rows"));
    for roles in &found.roles {
        let of_interest = super::tables::restricted(&roles.columns);
        if !of_interest.is_empty() {
            text.push_str(&format!("In {}: {of_interest}\n", super::tables::role(&roles.role)));
        }
    }
    text
}

fn audience(group: &RowGroup, most: usize) -> String {
    let count = rows(group.rows);
    let admins = match &group.audience {
        Audience::Everyone { reason } => return format!("{count}: everyone; {}\n", reason.escape_debug()),
        Audience::Admins(admins) if admins.is_empty() => return format!("{count}: nobody\n"),
        Audience::Admins(admins) => admins,
    };
    let noun = if admins.len() == 1 { "admin" } else { "admins" };
    let mut text = format!("{count}: {} {noun}\n", admins.len());
    for seer in admins.iter().take(most) {
        text.push_str(&format!("  {}\n", seer.admin));
        text.push_str(&indented(&step_lines(&seer.steps)));
    }
    text.push_str(&beyond(admins.len(), most, "admins"));
    text
}

/// How many are not told.
fn beyond(count: usize, most: usize, noun: &str) -> String {
    if count > most { format!("  and {} more {noun}\n", count - most) } else { String::new() }
}

/// Why rows of a key are not seen, or are.
pub(super) fn why_not(found: &WhyNot, most: usize) -> String {
    let verdicts = match &found.outcome {
        WhyNotOutcome::NoSuchRow => {
            return format!("No row of {} holds {}, whoever asks.\n", found.dataset, key(&found.key));
        }
        WhyNotOutcome::Rows(verdicts) => verdicts,
    };
    let mut text = String::new();
    for of in verdicts.iter().take(most) {
        let (word, lines) = match &of.verdict {
            Verdict::Sees(steps) => ("sees", step_lines(steps)),
            Verdict::DoesNot(failures) => ("does not see", failure_lines(failures)),
        };
        let (count, admin) = (rows(of.rows), &found.admin);
        text.push_str(&format!("{admin} {word} {count} of {} with {}:\n", found.dataset, key(&found.key)));
        text.push_str(&indented(&lines));
    }
    text.push_str(&beyond(verdicts.len(), most, "groups of rows"));
    text
}

fn indented(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{INDENT}{line}\n")).collect()
}

fn key(key: &[splitplane_lab::KeyValue]) -> String {
    let each: Vec<String> = key.iter().map(|key| format!("{} = {:?}", key.key, key.value)).collect();
    each.join(" and ")
}

/// Rows, counted.
pub(super) fn rows(count: u64) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{count} rows") }
}
