//! Every key of the example policies, misspelt: each is found on its line, with what was meant.

use super::*;

/// The line, start and end of each key of a YAML text, as a person would find them: a word before a colon.
fn keys(text: &str) -> Vec<(u64, usize, usize)> {
    let mut found = Vec::new();
    let mut offset = 0;
    for (number, line) in (1..).zip(text.lines()) {
        let code = line.split(" #").next().unwrap();
        for (colon, _) in code.match_indices(':').filter(|_| !line.starts_with('#')) {
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let (before, after) = code.split_at(colon);
            let start = before.rfind(|c| !word(c)).map_or(0, |at| at + 1);
            let ends = after.chars().nth(1).is_none_or(char::is_whitespace);
            if ends && start < colon {
                found.push((number, offset + start, offset + colon));
            }
        }
        offset += line.len() + 1;
    }
    found
}

#[test]
fn each_misspelt_key_of_a_policy_is_found_on_its_line_with_what_was_meant() {
    let mut checked = 0;
    for name in ["restaurant", "jaffle"] {
        let model = parse_model("m.yaml", &example(&format!("{name}/model.yaml"))).unwrap();
        let policy = example(&format!("{name}/policy.yaml"));
        for (line, start, end) in keys(&policy) {
            let ((before, _), (_, after)) = (policy.split_at(start), policy.split_at(end));
            let key = policy.get(start..end).unwrap();
            // What the owner of the policy calls a granted key is for him to say.
            let is_own = before.ends_with("yields: { ");
            let tail = if key.ends_with('x') { "q" } else { "x" };
            let text = format!("{before}{key}{tail}{after}");
            let report = check_policy("p.yaml", &text, &model, None);
            checked += 1;
            if is_own {
                assert!(!report.findings.is_empty(), "{key}");
                continue;
            }
            let [finding] = report.findings.as_slice() else { panic!("line {line}, {key}: {report:#?}") };
            assert_eq!(finding.line, line, "{key}: {finding}");
            assert!(finding.what.ends_with(&format!("`{key}{tail}`")), "{finding}");
            assert_eq!(finding.remedy, format!("did you mean `{key}`?"), "{finding}");
        }
    }
    assert!(checked > 80, "{checked}");
}
