use splitplane_semantics::*;
use std::path::Path;
#[test]
fn scratch() {
    for d in ["restaurant", "jaffle"] {
        let dir = Path::new("/work/main/examples").join(d);
        for m in ["model.yaml", "model-ambiguous.yaml"] {
            let p = dir.join(m);
            if !p.exists() { continue; }
            match load_model(&p) {
                Err(e) => println!("{e}"),
                Ok(model) => {
                    println!("{m} {} ok: {:?}", model.name, model.metrics.iter().map(|m| format!("{}={}", m.name, m.expression)).collect::<Vec<_>>());
                    match load_policy(&dir.join("policy.yaml"), &model) {
                        Err(e) => println!("{e}"),
                        Ok(policy) => {
                            let role = "x".parse().unwrap();
                            let c = Catalogue::for_role(&model, &policy, &role);
                            for m in c.metrics() {
                                println!("  {} [{}] time {:?} dims {:?}", m.name, m.dataset, c.time_field_of(m), c.dimensions_of(m).iter().map(|(d,f)| format!("{}.{}", d.name, f.name)).collect::<Vec<_>>());
                            }
                        }
                    }
                }
            }
        }
    }
}
