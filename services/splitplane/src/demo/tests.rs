//! What a script is, and when what came back is not what it expects.

use super::*;
use crate::answer::tests::answered;
use splitplane_proto::common::v1::Coverage;

const SCRIPT: &str = "
version: 1
question: How many fees?
callers:
  - { profile: ann, title: Ann, expect: { value: \"84000.00\", covered: 2, granted: 2 } }
attacks:
  - title: t
    caller: ann
    attack: { swap_after_signing: { tenant: u } }
    stopped_by: \"1\"
    expect: { outcome: refused, reason: UNAUTHENTICATED }
    why: w
  - title: t
    caller: ann
    attack: { obedient: q }
    stopped_by: 3a
    expect: { outcome: answered, never: [north] }
    why: w
";

fn covered() -> Answer {
    let coverage = Coverage { sentence: "2 of your 2".to_owned(), covered: 2, granted: 2 };
    Answer { coverage: Some(coverage), ..answered() }
}

#[test]
fn a_script_is_read_and_what_is_unknown_in_it_is_refused() {
    let script = Script::parse(SCRIPT).unwrap();
    assert_eq!(script.attacks[1].stopped_by, Layer::Scope);
    assert!(Script::parse(&SCRIPT.replace("version: 1", "version: 2")).is_err());
    assert!(Script::parse(&SCRIPT.replace("obedient", "obedience")).is_err());
    assert!(Script::parse(&SCRIPT.replace("3a", "4")).is_err());
}

#[test]
fn the_embedded_script_is_one() {
    let script = Script::parse(example::DEMO).unwrap();
    assert!(script.callers.len() >= 2 && script.attacks.len() >= 4);
}

#[test]
fn an_answer_is_as_expected_only_with_figure_and_coverage() {
    let expect = Script::parse(SCRIPT).unwrap().callers[0].expect.clone();
    assert_eq!(problems_of_answer(&covered(), &expect), Vec::<String>::new());
    assert_eq!(problems_of_answer(&answered(), &expect).len(), 1);
    let other = CallerExpectation { value: "84000.01".to_owned(), ..expect.clone() };
    assert_eq!(problems_of_answer(&covered(), &other).len(), 1);
    let refused = Answer { outcome: Outcome::Refused, table: None, ..covered() };
    assert_eq!(problems_of_answer(&refused, &expect).len(), 2);
}

#[test]
fn an_attack_that_is_not_stopped_where_it_must_be_is_a_problem() {
    let script = Script::parse(SCRIPT).unwrap();
    let [signature, scope] = script.attacks.as_slice() else { panic!("two attacks") };
    let got_through = attack::judged(signature, covered());
    assert_eq!(got_through.problems.len(), 3, "{:?}", got_through.problems);
    let clean = Answer {
        interpretation: Some(splitplane_proto::common::v1::Interpretation::default()),
        security_sql: Some("WITH x".to_owned()),
        ..covered()
    };
    assert_eq!(attack::judged(scope, clean.clone()).problems, Vec::<String>::new());
    let leaking = Answer { narrative: Some("north sold".to_owned()), ..clean };
    assert_eq!(attack::judged(scope, leaking).problems.len(), 1);
}
