//! Nothing that a caller can obtain from an engine depends on the rows of others.

use super::remotes;
use splitplane_engine::kit::interference::{Check, check};
use splitplane_engine::kit::report::Report;
use std::sync::Arc;

/// Probes in `cargo test`; `SPLITPLANE_PROBES` asks for more.
const PROBES: u64 = 150;
const SEED: u64 = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_caller_can_obtain_depends_on_the_rows_of_others() {
    #[expect(clippy::disallowed_methods, reason = "how long to look is the asker's to say")]
    let probes = std::env::var("SPLITPLANE_PROBES").map_or(PROBES, |text| text.parse().unwrap());
    for remote in remotes().await {
        let folder = tempfile::tempdir().unwrap();
        let what = Check { parallel: 1, ..Check::new(SEED, probes) };
        let name = remote.name;
        let report: Report = check(&what, Arc::new(remote), folder.path(), &mut |_report| {}).await.unwrap();
        assert!(report.differences.is_empty(), "{name}: {report}\n{:#?}", report.differences);
        assert_eq!(report.hostile_accepted, Vec::<String>::new(), "{name}");
        println!("{name}: {report}");
    }
}
