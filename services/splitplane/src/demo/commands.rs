//! How to repeat a demonstration by hand, with grpcurl against a mesh that stays up.
//!
//! `sign` prints a whole grpcurl command and `session` a chain of them, for a shell to run: a printed
//! signature would be stale in five minutes.

use super::DemoReport;
use super::script::AttackScript;
use crate::home::Home;
use crate::shell::quoted;
use serde_json::json;

/// The commands.
pub(super) fn text(report: &DemoReport, home: &Home) -> String {
    let mut text = String::from("\nThe same with grpcurl, against a mesh that stays up:\n\n");
    if let Some(folder) = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.to_owned())) {
        text.push_str(&format!("  PATH=\"$PATH\":{}\n", quoted(&folder.display().to_string())));
    }
    text.push_str(&format!("  export SPLITPLANE_HOME={}\n", quoted(&home.root().display().to_string())));
    text.push_str(
        "  splitplane up                                  # in a shell of its own, until it says `ready`\n\n",
    );
    let message = json!({ "question": { "text": report.question } }).to_string();
    for caller in &report.answers {
        text.push_str(&format!("  {} | sh\n", sign(&caller.script.profile, &message, "")));
    }
    text.push('\n');
    for (number, attack) in (1..).zip(&report.attacks) {
        let sql = attack.answer.drafts.first().map(String::as_str);
        text.extend(
            repeated(&attack.script, &report.question, &message, sql)
                .map(|command| format!("  # attack {number}\n  {command}\n")),
        );
    }
    text
}

fn sign(profile: &str, message: &str, options: &str) -> String {
    format!("splitplane sign --as {} --command{options} Ask {}", quoted(profile), quoted(message))
}

fn repeated(attack: &AttackScript, question: &str, message: &str, sql: Option<&str>) -> Option<String> {
    let caller = attack.caller.as_str();
    if let Some(swap) = &attack.attack.swap_after_signing {
        let edits: String = swap
            .headers()
            .into_iter()
            .map(|(name, value)| {
                format!(" -e {}", quoted(&format!("s/{name}: [A-Za-z0-9._-]*/{name}: {value}/")))
            })
            .collect();
        return Some(format!("{} | sed{edits} | sh", sign(caller, message, "")));
    }
    if let Some(combination) = &attack.attack.sign_as {
        let key = format!("{}/{}/{}", combination.tenant, combination.business, combination.admin);
        return Some(format!("{} | sh", sign(caller, message, &format!(" --for {}", quoted(&key)))));
    }
    // Whoever walks the chain by hand is the model: what the hostile one wrote is given here.
    let sql = sql?;
    Some(format!(
        "splitplane session --as {} --sql {} {} | sh",
        quoted(caller),
        quoted(sql),
        quoted(question)
    ))
}
