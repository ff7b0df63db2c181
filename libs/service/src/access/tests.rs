use super::*;
use prost::Message as _;
use std::collections::BTreeSet;

fn peer(workload: Workload) -> PeerIdentity {
    PeerIdentity::Workload(workload)
}

#[test]
fn the_table_lists_exactly_the_methods_of_the_protos() {
    let set = prost_types::FileDescriptorSet::decode(splitplane_proto::DESCRIPTOR_SET).unwrap();
    let mut declared = BTreeSet::new();
    for file in &set.file {
        for service in &file.service {
            for method in &service.method {
                declared.insert(format!("/{}.{}/{}", file.package(), service.name(), method.name()));
            }
        }
    }
    let listed: Vec<String> = METHODS.iter().map(|rule| rule.path.to_owned()).collect();
    assert_eq!(listed.len(), declared.len());
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), declared);
    for rule in METHODS {
        let service = rule.path.trim_start_matches('/').split('/').next().unwrap();
        assert!(rule.service.services().contains(&service), "{service} is not served by {}", rule.service);
    }
}

#[test]
fn every_pair_of_peer_and_method_is_decided_as_the_design_says() {
    let bootstrap = PeerIdentity::Bootstrap("spiffe://mesh.test/bootstrap/report".into());
    let mut admitted = BTreeSet::new();
    for rule in rules() {
        let mut peers: Vec<(String, Option<PeerIdentity>)> = Workload::ALL
            .into_iter()
            .map(|workload| (workload.name().to_owned(), Some(peer(workload))))
            .collect();
        peers.push(("nobody".into(), None));
        peers.push(("bootstrap".into(), Some(bootstrap.clone())));
        for (name, peer) in peers {
            if decide(rule.service, rule.path, peer.as_ref()).is_ok() {
                admitted.insert(format!("{name} -> {} {}", rule.service, rule.path));
            }
        }
    }
    let count = |wanted: &str| admitted.iter().filter(|line| line.starts_with(wanted)).count();
    // The three signed methods of the gateway, and nothing else, without a certificate.
    assert_eq!(count("nobody"), 3);
    assert_eq!(count("bootstrap"), 4);
    assert!(admitted.contains("bootstrap -> auth /splitplane.auth.v1.AuthService/IssueCredentials"));
    // Its own three, Authenticate and Watch, the seven inner ones, health of four services (two methods each).
    assert_eq!(count("gateway"), 3 + 2 + 7 + 8);
    // The gateway's three, the seven inner ones, the policy's three, four standard methods of five services.
    assert_eq!(count("operator"), 3 + 7 + 3 + 20);
    for follower in ["reasoning", "schema-router", "query"] {
        assert_eq!(count(follower), 3 + 1, "{follower}");
        assert!(admitted.contains(&format!("{follower} -> auth /splitplane.auth.v1.AuthService/Watch")));
    }
    assert_eq!(count("auth"), 3);
    assert_eq!(count("operator -> auth /splitplane"), 0);
}

#[test]
fn a_method_of_another_service_does_not_exist_here() {
    let execute = "/splitplane.query.v1.QueryService/Execute";
    let gateway = peer(Workload::Gateway);
    assert_eq!(decide(Workload::Query, execute, Some(&gateway)), Ok(()));
    assert_eq!(decide(Workload::Reasoning, execute, Some(&gateway)), Err(Refusal::MethodNotFound));
    let query = peer(Workload::Query);
    assert_eq!(decide(Workload::Reasoning, execute, Some(&query)), Err(Refusal::PeerNotAllowed));
    assert_eq!(decide(Workload::Reasoning, execute, None), Err(Refusal::PeerNotAllowed));
}

#[test]
fn only_an_exact_path_opens_a_method() {
    let gateway = peer(Workload::Gateway);
    for path in [
        "/splitplane.query.v1.QueryService/execute",
        "/splitplane.query.v1.QueryService/Execute/",
        "//splitplane.query.v1.QueryService/Execute",
        "splitplane.query.v1.QueryService/Execute",
        "/splitplane.query.v1.QueryService/%45xecute",
        "/",
        "",
    ] {
        assert_eq!(decide(Workload::Query, path, Some(&gateway)), Err(Refusal::MethodNotFound), "{path}");
        assert_eq!(method_name(path), "_OTHER");
    }
}

#[test]
fn endless_methods_are_the_watches_and_reflection() {
    let endless: BTreeSet<_> =
        rules().into_iter().filter(|rule| rule.endless).map(|rule| rule.path).collect();
    let expected = ["/splitplane.auth.v1.AuthService/Watch", HEALTH_WATCH, REFLECTION, REFLECTION_ALPHA];
    assert_eq!(endless, expected.into_iter().collect());
    assert!(endless.iter().all(|path| is_endless(path)));
    assert!(!is_endless(HEALTH_CHECK));
}

#[test]
fn spans_are_told_to_the_operator_and_behind_the_gateway_to_the_gateway() {
    let bootstrap = PeerIdentity::Bootstrap("spiffe://mesh.test/bootstrap/report".into());
    let mut told = BTreeSet::new();
    for service in SERVERS {
        assert!(!tells_spans(service, None), "{service}");
        assert!(!tells_spans(service, Some(&bootstrap)), "{service}");
        for workload in Workload::ALL {
            if tells_spans(service, Some(&peer(workload))) {
                told.insert(format!("{workload} of {service}"));
            }
        }
    }
    let expected = [
        "gateway of auth",
        "gateway of query",
        "gateway of reasoning",
        "gateway of schema-router",
        "operator of auth",
        "operator of gateway",
        "operator of query",
        "operator of reasoning",
        "operator of schema-router",
    ];
    assert_eq!(told, expected.map(str::to_owned).into_iter().collect());
}

#[test]
fn only_health_reflection_and_the_policys_methods_need_no_session() {
    let open: BTreeSet<&str> =
        rules().iter().filter(|rule| !needs_session(rule.path)).map(|rule| rule.path).collect();
    let desk =
        ["WhoCanSee", "WhatCan", "WhyNot"].map(|name| format!("/splitplane.query.v1.PolicyService/{name}"));
    let expected: BTreeSet<&str> =
        STANDARD.iter().map(|(path, _)| *path).chain(desk.iter().map(String::as_str)).collect();
    assert_eq!(open, expected);
    for rule in rules().iter().filter(|rule| desk.contains(&rule.path.to_owned())) {
        assert_eq!((rule.service, rule.callers), (Workload::Query, &[OPERATOR][..]));
    }
}
