//! Any bytes as a policy: the loader never panics, says the same of the same text, and accepts none that
//! leaves a dataset of the model without a scope.

#![no_main]

use libfuzzer_sys::fuzz_target;
use splitplane_semantics::{SemanticModel, parse_model, parse_policy};
use std::sync::LazyLock;

static MODEL: LazyLock<SemanticModel> = LazyLock::new(|| {
    parse_model("model.yaml", include_str!("../../fixtures/library/model.yaml")).expect("the fixture loads")
});

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let loaded = parse_policy("policy.yaml", text, &MODEL);
    let again = parse_policy("policy.yaml", text, &MODEL);
    assert_eq!(format!("{loaded:?}"), format!("{again:?}"));
    let Ok(policy) = loaded else { return };
    // The dataset of the grants is read by the query service alone and is in no sandbox.
    for dataset in MODEL.datasets.iter().filter(|dataset| dataset.name != policy.grants.dataset) {
        assert!(policy.datasets.contains_key(&dataset.name), "`{}` has no scope", dataset.name);
    }
});
