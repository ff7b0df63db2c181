//! What is told of a set: a line a question, and the whole.

use super::compare::Judged;
use crate::json;
use serde_json::{Value, json};
use splitplane_semantics::Verdict;
use splitplane_types::ModelUsage;
use std::collections::BTreeMap;
use std::time::Duration;

/// Counts over a set.
#[derive(Debug, Default)]
pub(crate) struct Report {
    right: usize,
    right_refusals: usize,
    wrong_refusals: usize,
    wrong_answers: usize,
    understood: (usize, usize),
    rows: (usize, usize),
    took: Vec<Duration>,
    stages_ms: BTreeMap<String, Vec<u32>>,
    usage: ModelUsage,
}

/// One question.
#[derive(Debug)]
pub(crate) struct Line(Value);

impl Report {
    /// Counts a question, and says what is told of it.
    pub(crate) fn add(&mut self, line: u64, question: &str, judged: &Judged) -> Line {
        let count = match judged.verdict {
            Verdict::Right => &mut self.right,
            Verdict::RightRefusal => &mut self.right_refusals,
            Verdict::WrongRefusal => &mut self.wrong_refusals,
            Verdict::WrongAnswer => &mut self.wrong_answers,
        };
        *count += 1;
        for (count, held) in [(&mut self.understood, judged.understood), (&mut self.rows, judged.rows)] {
            count.0 += usize::from(held == Some(true));
            count.1 += usize::from(held.is_some());
        }
        self.took.push(judged.took);
        self.usage = self.usage.and(judged.usage);
        for (stage, ms) in &judged.stages_ms {
            self.stages_ms.entry(stage.clone()).or_default().push(*ms);
        }
        Line(json!({
            "line": line,
            "question": question,
            "verdict": name(judged.verdict),
            "outcome": judged.ended.to_string(),
            "interpretation": judged.understood,
            "rows": judged.rows,
            "differences": judged.differences,
            "model_usage": json::usage(judged.usage),
            "ms": u64::try_from(judged.took.as_millis()).unwrap_or(u64::MAX),
        }))
    }

    /// Whether a question was answered that should not have been, or with something else.
    pub(crate) const fn has_wrong_answers(&self) -> bool {
        self.wrong_answers > 0
    }

    /// Milliseconds in which so many of a hundred questions were done.
    fn ms(&self, percent: usize) -> u64 {
        let mut took = self.took.clone();
        took.sort();
        let at = percentile(&took, percent).map_or(0, |took: Duration| took.as_millis());
        u64::try_from(at).unwrap_or(u64::MAX)
    }

    fn value(&self) -> Value {
        let stages = self.stages_ms.iter().map(|(stage, times)| {
            let mut times = times.clone();
            times.sort_unstable();
            (stage.clone(), json!({ "p50": percentile(&times, 50), "p95": percentile(&times, 95) }))
        });
        json!({
            "questions": self.took.len(),
            "right": self.right,
            "right_refusals": self.right_refusals,
            "wrong_refusals": self.wrong_refusals,
            "wrong_answers": self.wrong_answers,
            "interpretations": { "right": self.understood.0, "compared": self.understood.1 },
            "rows": { "right": self.rows.0, "compared": self.rows.1 },
            "ms": { "p50": self.ms(50), "p95": self.ms(95) },
            "model_usage": json::usage(self.usage),
            "stages_ms": stages.collect::<serde_json::Map<_, _>>(),
        })
    }

    /// The whole, as one JSON object on a line.
    pub(crate) fn json(&self) -> String {
        format!("{}\n", self.value())
    }

    /// The whole, for people.
    pub(crate) fn text(&self) -> String {
        format!(
            "\n{} questions: {} right, {} rightly refused or asked back, {} wrongly, {} WRONG ANSWERS\n\
             interpretations as expected: {} of {}; rows as expected: {} of {}\n\
             time of an answer: {} ms half of them, {} ms 95 of 100\n\
             language models behind a network: {} calls, {} tokens read ({} from the cache), {} written\n",
            self.took.len(),
            self.right,
            self.right_refusals,
            self.wrong_refusals,
            self.wrong_answers,
            self.understood.0,
            self.understood.1,
            self.rows.0,
            self.rows.1,
            self.ms(50),
            self.ms(95),
            self.usage.calls,
            self.usage.input_tokens,
            self.usage.cache_read_tokens,
            self.usage.output_tokens,
        )
    }
}

impl Line {
    /// One JSON object.
    pub(crate) fn json(&self) -> String {
        format!("{}\n", self.0)
    }

    /// For people: nothing for what is as expected.
    pub(crate) fn text(&self) -> String {
        let text = |key: &str| self.0.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let verdict = text("verdict");
        if verdict.starts_with("right") {
            return String::new();
        }
        let line = self.0.get("line").and_then(Value::as_u64).unwrap_or_default();
        let differences = self.0.get("differences").and_then(Value::as_array).into_iter().flatten();
        let differences: String =
            differences.filter_map(Value::as_str).map(|told| format!("    {told}\n")).collect();
        format!("{verdict}: line {line}, \"{}\" ({})\n{differences}", text("question"), text("outcome"))
    }
}

const fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Right => "right",
        Verdict::RightRefusal => "right_refusal",
        Verdict::WrongRefusal => "wrong_refusal",
        Verdict::WrongAnswer => "wrong_answer",
    }
}

fn percentile<T: Copy>(sorted: &[T], percent: usize) -> Option<T> {
    let at = (sorted.len() * percent / 100).min(sorted.len().checked_sub(1)?);
    sorted.get(at).copied()
}
