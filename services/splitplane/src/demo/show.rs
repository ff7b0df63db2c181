//! What the screen shows of a demonstration.

use super::{AttackReport, CallerReport, DemoReport};
use crate::table;
use splitplane_types::Reason;

/// Characters of one of two columns.
const COLUMN_WIDTH: usize = 52;

/// The whole screen.
pub(super) fn text(report: &DemoReport) -> String {
    let mut text = format!("\n\"{}\"\n\n", report.question);
    for pair in report.answers.chunks(2) {
        match pair {
            [left, right] => text.push_str(&table::side_by_side(&answer(left), &answer(right), COLUMN_WIDTH)),
            others => text.extend(others.iter().map(answer)),
        }
        text.push('\n');
    }
    for (number, report) in (1..).zip(&report.attacks) {
        text.push_str(&format!("Attack {number}. {}", attack(report)));
    }
    text.push_str(if report.is_as_expected() {
        "Both answers and every attack ended as they must.\n"
    } else {
        "NOT everything ended as it must: see the lines marked !!\n"
    });
    text
}

fn answer(report: &CallerReport) -> String {
    let answer = &report.answer;
    let mut text = format!("{}\n\n", report.script.title);
    if let Some(meant) = &answer.interpretation {
        text.push_str(&format!("{}\n\n", meant.sentence));
    }
    text.extend(answer.table.as_ref().map(table::text));
    text.push('\n');
    text.extend(answer.narrative.as_ref().map(|narrative| format!("{}\n\n", narrative.trim_end())));
    text.extend(answer.coverage.as_ref().map(|coverage| format!("Coverage: {}\n", coverage.sentence)));
    text.push_str(&problems(&report.problems));
    text
}

fn attack(report: &AttackReport) -> String {
    let (script, answer) = (&report.script, &report.answer);
    let mut text = format!("{}\n", script.title);
    if let Some(question) = &script.attack.obedient {
        text.push_str(&format!("  asked       \"{question}\"\n"));
    }
    text.extend(answer.drafts.first().map(|draft| format!("  model wrote {draft}\n")));
    for refused in answer.refused_drafts.iter().take(1) {
        text.push_str(&format!("  refused     {}: {}\n", refused.reason, refused.hint));
    }
    if let Some(check) = answer.check.as_ref().filter(|check| !check.agrees) {
        text.push_str(&format!("  set aside   it gives other {} than what was asked\n", check.difference));
    }
    text.extend(answer.sql.as_ref().map(|sql| format!("  answered by {sql}\n")));
    let reason = answer.reason().map_or_else(String::new, |reason| format!(", {}", Reason::as_str(reason)));
    text.push_str(&format!("  outcome     {}{reason}\n", answer.outcome));
    if let Some(table) = &answer.table {
        text.extend(table::text(table).lines().map(|line| format!("              {line}\n")));
    }
    text.extend(answer.coverage.as_ref().map(|coverage| format!("  coverage    {}\n", coverage.sentence)));
    text.push_str(&format!("  stopped by  layer {}\n", script.stopped_by.as_str()));
    text.push_str(&format!("  why         {}\n", script.why));
    text.push_str(&problems(&report.problems));
    text.push('\n');
    text
}

fn problems(problems: &[String]) -> String {
    problems.iter().map(|problem| format!("!! {problem}\n")).collect()
}
