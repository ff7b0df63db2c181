//! The demonstration, as a newcomer sees it: both figures to the cent, each attack where it is said.

use splitplane::demo::{Script, play};
use splitplane::example::lay_out;
use splitplane::home::Home;
use splitplane::mesh::MeshOptions;
use splitplane_service::Clock;
use splitplane_types::Cell;

const SCRIPT: &str = include_str!("../../examples/restaurant/demo.yaml");

#[tokio::test(flavor = "multi_thread")]
async fn the_demonstration_shows_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path()).unwrap();
    let clock = Clock::system();
    let world = lay_out(&home, clock.now()).unwrap();
    let report = play(&Script::parse(SCRIPT).unwrap(), &MeshOptions::new(home, world)).await.unwrap();
    assert!(report.is_as_expected(), "{report:#?}");

    let figure = |position: usize| {
        let answer = &report.answers[position].answer;
        let Cell::Decimal(amount) = &answer.table.as_ref().unwrap().rows[0][0] else { panic!("{answer:?}") };
        let coverage = answer.coverage.clone().unwrap();
        (amount.normalized(2).to_string(), coverage.covered, coverage.granted)
    };
    assert_eq!(figure(0), ("84000.00".to_owned(), 2, 2));
    assert_eq!(figure(1), ("9200000.00".to_owned(), 200, 200));
    assert_eq!(report.attacks.len(), 4);
}
