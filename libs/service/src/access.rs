//! Which workload may call which method: one table, keyed by exact path, closed by default.
//!
//! Decides about hops alone. Who the person behind a request is, and what they may see, is decided
//! by the signature and the session key.

use crate::workload::{PeerIdentity, Workload};
use std::fmt::Write as _;

/// Whom a rule lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// Anyone, with or without a certificate. The request itself is signed.
    Anyone,
    /// A workload of the mesh.
    Workload(Workload),
    /// A workload that fetches request-signing credentials.
    Bootstrap,
}

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Who serves the method.
    pub service: Workload,
    /// The method's path.
    pub path: &'static str,
    /// Who may call it.
    pub callers: &'static [Caller],
    /// Whether its stream stays open until somebody closes it.
    pub endless: bool,
    /// Whether it is about the policy and nobody's question, so that no session key goes with it.
    pub sessionless: bool,
}

/// Why a call stops at the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no certificate, or it is not one of those that the method admits.
    #[error("the peer may not call this method")]
    PeerNotAllowed,
    /// The service has no such method.
    #[error("there is no such method")]
    MethodNotFound,
}

const GATEWAY: Caller = Caller::Workload(Workload::Gateway);
const OPERATOR: Caller = Caller::Workload(Workload::Operator);
const INNER: &[Caller] = &[GATEWAY, OPERATOR];
const FOLLOWERS: &[Caller] = &[
    GATEWAY,
    Caller::Workload(Workload::Reasoning),
    Caller::Workload(Workload::SchemaRouter),
    Caller::Workload(Workload::Query),
];

const fn rule(service: Workload, path: &'static str, callers: &'static [Caller]) -> Rule {
    Rule { service, path, callers, endless: false, sessionless: false }
}

const fn desk(path: &'static str) -> Rule {
    Rule { sessionless: true, ..rule(Workload::Query, path, &[OPERATOR]) }
}

const METHODS: &[Rule] = &[
    rule(Workload::Gateway, "/splitplane.gateway.v1.GatewayService/Ask", &[Caller::Anyone]),
    rule(Workload::Gateway, "/splitplane.gateway.v1.GatewayService/ListMetrics", &[Caller::Anyone]),
    rule(Workload::Gateway, "/splitplane.gateway.v1.GatewayService/OpenSession", &[Caller::Anyone]),
    rule(Workload::Auth, "/splitplane.auth.v1.AuthService/Authenticate", &[GATEWAY]),
    rule(Workload::Auth, "/splitplane.auth.v1.AuthService/IssueCredentials", &[Caller::Bootstrap]),
    Rule { endless: true, ..rule(Workload::Auth, "/splitplane.auth.v1.AuthService/Watch", FOLLOWERS) },
    rule(Workload::Reasoning, "/splitplane.reasoning.v1.ReasoningService/Validate", INNER),
    rule(Workload::Reasoning, "/splitplane.reasoning.v1.ReasoningService/ListMetrics", INNER),
    rule(Workload::Reasoning, "/splitplane.reasoning.v1.ReasoningService/Explain", INNER),
    rule(Workload::SchemaRouter, "/splitplane.schema_router.v1.SchemaRouterService/Route", INNER),
    rule(Workload::SchemaRouter, "/splitplane.schema_router.v1.SchemaRouterService/WriteSql", INNER),
    rule(Workload::Query, "/splitplane.query.v1.QueryService/OpenSandbox", INNER),
    rule(Workload::Query, "/splitplane.query.v1.QueryService/Execute", INNER),
    desk("/splitplane.query.v1.PolicyService/WhoCanSee"),
    desk("/splitplane.query.v1.PolicyService/WhatCan"),
    desk("/splitplane.query.v1.PolicyService/WhyNot"),
];

const SERVERS: [Workload; 5] =
    [Workload::Gateway, Workload::Auth, Workload::Reasoning, Workload::SchemaRouter, Workload::Query];

const HEALTH_CHECK: &str = "/grpc.health.v1.Health/Check";
const HEALTH_WATCH: &str = "/grpc.health.v1.Health/Watch";
const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const REFLECTION_ALPHA: &str = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

/// The methods that every service has, and which need neither signature nor session.
const STANDARD: [(&str, bool); 4] =
    [(HEALTH_CHECK, false), (HEALTH_WATCH, true), (REFLECTION, true), (REFLECTION_ALPHA, true)];

fn standard_callers(service: Workload, path: &str) -> &'static [Caller] {
    let is_health = path == HEALTH_CHECK || path == HEALTH_WATCH;
    match service {
        // The gateway asks the services behind it how they are; nobody but a person asks the gateway.
        Workload::Auth | Workload::Reasoning | Workload::SchemaRouter | Workload::Query if is_health => INNER,
        Workload::Auth
        | Workload::Reasoning
        | Workload::SchemaRouter
        | Workload::Query
        | Workload::Gateway
        | Workload::Operator => &[OPERATOR],
    }
}

/// The whole table, service by service.
#[must_use]
pub fn rules() -> Vec<Rule> {
    let mut rules = Vec::new();
    for service in SERVERS {
        rules.extend(METHODS.iter().copied().filter(|rule| rule.service == service));
        rules.extend(STANDARD.iter().map(|&(path, endless)| Rule {
            service,
            path,
            callers: standard_callers(service, path),
            endless,
            sessionless: true,
        }));
    }
    rules
}

fn find(service: Workload, path: &str) -> Option<(&'static str, &'static [Caller])> {
    let own = METHODS.iter().find(|rule| rule.service == service && rule.path == path);
    let own = own.map(|rule| (rule.path, rule.callers));
    own.or_else(|| {
        let (path, _) = STANDARD.iter().find(|(standard, _)| *standard == path)?;
        Some((*path, standard_callers(service, path)))
    })
}

fn admits(callers: &[Caller], peer: Option<&PeerIdentity>) -> bool {
    callers.iter().any(|caller| match (caller, peer) {
        (Caller::Anyone, _) => true,
        (Caller::Workload(allowed), Some(PeerIdentity::Workload(workload))) => allowed == workload,
        (Caller::Bootstrap, Some(PeerIdentity::Bootstrap(_))) => true,
        (Caller::Workload(_), Some(PeerIdentity::Bootstrap(_)) | None)
        | (Caller::Bootstrap, Some(PeerIdentity::Workload(_)) | None) => false,
    })
}

/// Says whether a peer may call a method of a service.
///
/// That a method does not exist is told only to those who may call another one here.
///
/// # Errors
/// See [`Refusal`].
pub fn decide(service: Workload, path: &str, peer: Option<&PeerIdentity>) -> Result<(), Refusal> {
    match find(service, path) {
        Some((_, callers)) if admits(callers, peer) => Ok(()),
        Some(_) => Err(Refusal::PeerNotAllowed),
        None if rules().iter().any(|rule| rule.service == service && admits(rule.callers, peer)) => {
            Err(Refusal::MethodNotFound)
        }
        None => Err(Refusal::PeerNotAllowed),
    }
}

/// Whether a peer that asks for the spans of a call is told them: a person with the operator's certificate,
/// and behind the gateway also the gateway, which asks on behalf of such a person alone.
#[must_use]
pub fn tells_spans(service: Workload, peer: Option<&PeerIdentity>) -> bool {
    match peer.and_then(PeerIdentity::workload) {
        Some(Workload::Operator) => true,
        Some(Workload::Gateway) => service != Workload::Gateway,
        Some(Workload::Auth | Workload::Reasoning | Workload::SchemaRouter | Workload::Query) | None => false,
    }
}

/// Whether a path is a method of health or reflection, which carry no session and no signature.
#[must_use]
pub fn is_standard(path: &str) -> bool {
    STANDARD.iter().any(|(standard, _)| *standard == path)
}

/// Whether a call needs a session key: all but health, reflection, and what is about nobody's question and open to
/// the operator alone.
#[must_use]
pub fn needs_session(path: &str) -> bool {
    let is_desk = |rule: &Rule| rule.path == path && rule.sessionless && rule.callers == [OPERATOR];
    !is_standard(path) && !METHODS.iter().any(is_desk)
}

/// Whether a method's stream stays open until somebody closes it.
#[must_use]
pub fn is_endless(path: &str) -> bool {
    METHODS.iter().any(|rule| rule.path == path && rule.endless)
        || STANDARD.iter().any(|(standard, endless)| *standard == path && *endless)
}

/// The name under which a method appears in spans and metrics; a fixed set, since a path is the
/// caller's to choose.
#[must_use]
pub fn method_name(path: &str) -> &'static str {
    let known = METHODS.iter().map(|rule| rule.path).chain(STANDARD.iter().map(|(standard, _)| *standard));
    known.into_iter().find(|known| *known == path).and_then(|path| path.strip_prefix('/')).unwrap_or("_OTHER")
}

/// The table as text, one line per service and method.
#[must_use]
pub fn matrix() -> String {
    let mut text = String::new();
    for rule in rules() {
        let callers: Vec<&str> = rule
            .callers
            .iter()
            .map(|caller| match caller {
                Caller::Anyone => "anyone",
                Caller::Workload(workload) => workload.name(),
                Caller::Bootstrap => "bootstrap",
            })
            .collect();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}\t{}\t{}", rule.service, rule.path, callers.join(" "));
    }
    text
}

#[cfg(test)]
#[path = "access/tests.rs"]
mod tests;
