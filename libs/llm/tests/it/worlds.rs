//! Semantic models that no code knows. They are read from YAML, as a user's are.

use splitplane_llm::{EmbeddedModel, LanguageModel, ValidateReply, ValidateTask, where_rows_meet};
use splitplane_semantics::{
    Catalogue, ComparisonExpr, DraftInterpretation, FieldRef, Interpretation, InterpretationError, Policy,
    SemanticModel, parse_model, parse_policy, validate,
};
use splitplane_types::{Question, Role};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A semantic model and its policy.
pub(crate) struct World {
    pub(crate) model: SemanticModel,
    pub(crate) policy: Policy,
}

fn field(name: &str, rest: &str) -> String {
    format!(
        "          - {{ name: {name}, {rest}, expression: {{ dialects: [{{ dialect: ANSI_SQL, expression: {name} }}] }} }}\n"
    )
}

fn metric(name: &str, expression: &str, label: &str, synonyms: &str, unit: &str) -> String {
    let unit = if unit.is_empty() { String::new() } else { format!(", \"unit\": \"{unit}\"") };
    format!(
        "      - name: {name}\n        expression: {{ dialects: [{{ dialect: ANSI_SQL, expression: \"{expression}\" }}] }}\n        \
         ai_context: {{ synonyms: [{synonyms}] }}\n        custom_extensions: [{{ vendor_name: SPLITPLANE, data: '{{\"label\": \"{label}\"{unit}}}' }}]\n"
    )
}

fn dataset(name: &str, key: &str, fields: &[(&str, &str)]) -> String {
    let fields: String = fields.iter().map(|(name, rest)| field(name, rest)).collect();
    format!(
        "      - name: {name}\n        source: main.{name}\n        primary_key: [{key}]\n        fields:\n{fields}"
    )
}

const TEXT: &str = "datatype: String, dimension: {}";
const PLAIN: &str = "datatype: String";
const SCOPE: [(&str, &str); 2] = [("tenant_id", PLAIN), ("business_id", PLAIN)];

fn world(
    name: &str,
    datasets: &[String],
    relationships: &str,
    metrics: &[String],
    scopes: &str,
    grants: &str,
) -> World {
    let model = format!(
        "version: \"0.2.0.dev0\"\nsemantic_model:\n  - name: {name}\n    datasets:\n{}    relationships:\n{relationships}    metrics:\n{}",
        datasets.concat(),
        metrics.concat()
    );
    let model = parse_model("model.yaml", &model).unwrap_or_else(|error| panic!("{error}\n{model}"));
    let policy = format!(
        "version: 1\nmodel: {name}\ncalendar: {{ timezone: Europe/Oslo, week_starts: monday, fiscal_year_starts: \"01-01\", fiscal_year_named_by: start }}\n\
         grants:\n  dataset: {grants}\n  identity: {{ tenant: tenant_id, business: business_id, admin: admin_id }}\n  yields: {{ place: place_id }}\n\
         datasets:\n{scopes}limits: {{ rows: 1000, bytes: 1MiB, seconds: 5, memory: 64MiB, concurrent_per_tenant: 2 }}\n"
    );
    let policy =
        parse_policy("policy.yaml", &policy, &model).unwrap_or_else(|error| panic!("{error}\n{policy}"));
    World { model, policy }
}

fn grants(name: &str) -> String {
    dataset(name, "admin_id", &[SCOPE[0], SCOPE[1], ("admin_id", PLAIN), ("place_id", PLAIN)])
}

/// Loans of a library. A town is a branch's or a member's.
pub(crate) fn library() -> World {
    let datasets = [
        dataset(
            "branches",
            "place_id",
            &[SCOPE[0], SCOPE[1], ("place_id", TEXT), ("branch_name", TEXT), ("town", TEXT)],
        ),
        dataset(
            "members",
            "member_id",
            &[SCOPE[0], SCOPE[1], ("member_id", TEXT), ("name", TEXT), ("town", TEXT), ("email", TEXT)],
        ),
        dataset(
            "loans",
            "loan_id",
            &[
                SCOPE[0],
                SCOPE[1],
                ("loan_id", PLAIN),
                ("place_id", PLAIN),
                ("member_id", PLAIN),
                (
                    "genre",
                    "datatype: String, dimension: {}, ai_context: { synonyms: [kind of book, subject] }",
                ),
                ("lent_on", "datatype: Date, label: lending date, dimension: { is_time: true }"),
                ("fee", "datatype: Decimal"),
                ("secret_rating", "datatype: Integer"),
            ],
        ),
        grants("granted_places"),
    ];
    let relationships = "      - { name: loan_branch, from: loans, to: branches, from_columns: [place_id], to_columns: [place_id] }\n      \
                         - { name: loan_member, from: loans, to: members, from_columns: [member_id], to_columns: [member_id] }\n";
    let metrics = [
        metric("late_fees", "SUM(loans.fee)", "Late fees", "fines, overdue charges, total of charges", "USD"),
        metric("loan_count", "COUNT(loans.loan_id)", "Number of loans", "loans, checkouts", ""),
        metric("average_fee", "AVG(loans.fee)", "Average fee", "fee per loan", "USD"),
        metric("borrowers", "COUNT(DISTINCT loans.member_id)", "Active borrowers", "monthly readers", ""),
        metric("branches_lending", "COUNT(DISTINCT loans.place_id)", "Number of branch names", "", ""),
        metric("sites", "COUNT(branches.place_id)", "Number of sites", "", ""),
        metric("secret_score", "SUM(loans.secret_rating)", "Secret score", "hidden score", ""),
    ];
    let scopes = "  branches: { scope: { tenant: tenant_id, business: business_id, place: place_id } }\n  \
                  members: { scope: { tenant: tenant_id, business: business_id }, columns: { email: hidden } }\n  \
                  loans: { scope: { tenant: tenant_id, business: business_id, place: place_id }, columns: { secret_rating: hidden } }\n";
    world("library", &datasets, relationships, &metrics, scopes, "granted_places")
}

/// Rides of a bike rental. "Rides" is both an amount and a count.
pub(crate) fn bikes(amount_synonyms: &str, count_synonyms: &str) -> World {
    let datasets = [
        dataset("stations", "place_id", &[SCOPE[0], SCOPE[1], ("place_id", TEXT), ("station_name", TEXT)]),
        dataset(
            "trips",
            "trip_id",
            &[
                SCOPE[0],
                SCOPE[1],
                ("trip_id", PLAIN),
                ("place_id", PLAIN),
                ("bike_type", TEXT),
                ("started_at", "datatype: DateTime, dimension: { is_time: true }"),
                ("price", "datatype: Decimal"),
            ],
        ),
        grants("granted_places"),
    ];
    let relationships = "      - { name: trip_station, from: trips, to: stations, from_columns: [place_id], to_columns: [place_id] }\n";
    let metrics = [
        metric("ride_revenue", "SUM(trips.price)", "Ride revenue", amount_synonyms, "NOK"),
        metric("ride_count", "COUNT(trips.trip_id)", "Number of rides", count_synonyms, ""),
    ];
    let scopes = "  stations: { scope: { tenant: tenant_id, business: business_id, place: place_id } }\n  \
                  trips: { scope: { tenant: tenant_id, business: business_id, place: place_id } }\n";
    world("bikes", &datasets, relationships, &metrics, scopes, "granted_places")
}

/// Barrels that a depot sends. No metric has a unit; one begins with a word that also orders rows.
pub(crate) fn barrels() -> World {
    let datasets = [
        dataset("depots", "place_id", &[SCOPE[0], SCOPE[1], ("place_id", PLAIN), ("depot", TEXT)]),
        dataset(
            "sendings",
            "sending_id",
            &[
                SCOPE[0],
                SCOPE[1],
                ("sending_id", PLAIN),
                ("place_id", PLAIN),
                ("tries", "datatype: Integer"),
                ("litres", "datatype: Decimal"),
                ("amount", "datatype: Decimal"),
                ("sent_on", "datatype: Date, dimension: { is_time: true }"),
            ],
        ),
        grants("granted_places"),
    ];
    let relationships = "      - { name: sending_depot, from: sendings, to: depots, from_columns: [place_id], to_columns: [place_id] }\n";
    let metrics = [
        metric("litres_sent", "SUM(sendings.litres)", "Litres sent", "", ""),
        metric("litre_takings", "SUM(sendings.amount)", "Litre takings", "", ""),
        metric("takings", "SUM(sendings.amount)", "Takings", "", ""),
        metric("first_try_rate", "AVG(sendings.tries)", "First try rate", "first try success", "%"),
    ];
    let scopes = "  depots: { scope: { tenant: tenant_id, business: business_id, place: place_id } }\n  \
                  sendings: { scope: { tenant: tenant_id, business: business_id, place: place_id } }\n";
    world("barrels", &datasets, relationships, &metrics, scopes, "granted_places")
}

pub(crate) fn role() -> Role {
    "analyst".parse().unwrap()
}

/// What the embedded model replies.
pub(crate) fn ask(world: &World, question: &str) -> ValidateReply {
    ask_model(world, &EmbeddedModel::new(), question)
}

/// What it replies after something was understood.
pub(crate) fn ask_after(world: &World, question: &str, previous: &Interpretation) -> ValidateReply {
    reply(world, &EmbeddedModel::new(), question, (Some(previous), None))
}

/// What it replies after `asked` was asked back about.
pub(crate) fn answer_to(world: &World, asked: &str, question: &str) -> ValidateReply {
    let asked = Question::new(asked).unwrap();
    reply(world, &EmbeddedModel::new(), question, (None, Some(&asked)))
}

/// What it replies after `previous` was understood and then `open` was not answered.
pub(crate) fn ask_after_open(
    world: &World,
    previous: Option<&Interpretation>,
    open: &str,
    question: &str,
) -> ValidateReply {
    let open = Question::new(open).unwrap();
    reply(world, &EmbeddedModel::new(), question, (previous, Some(&open)))
}

pub(crate) fn ask_model(world: &World, model: &dyn LanguageModel, question: &str) -> ValidateReply {
    reply(world, model, question, (None, None))
}

fn reply(
    world: &World,
    model: &dyn LanguageModel,
    question: &str,
    (previous, asked_back): (Option<&Interpretation>, Option<&Question>),
) -> ValidateReply {
    let role = role();
    let catalogue = Catalogue::for_role(&world.model, &world.policy, &role);
    let question = Question::new(question).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime
        .block_on(model.validate(ValidateTask {
            question: &question,
            catalogue: &catalogue,
            previous,
            asked_back,
        }))
        .unwrap()
}

fn as_of() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_936_519_200)
}

/// The interpretation of a draft, on 2031-05-14, as the gates of layer 2 make it.
pub(crate) fn validated(world: &World, draft: DraftInterpretation) -> Interpretation {
    gated(world, draft).unwrap()
}

/// Likewise, if it passes them.
pub(crate) fn gated(
    world: &World,
    draft: DraftInterpretation,
) -> Result<Interpretation, InterpretationError> {
    let role = role();
    let catalogue = Catalogue::for_role(&world.model, &world.policy, &role);
    validate(draft, &catalogue, &world.policy.calendar, as_of()).map(|valid| valid.get().clone())
}

/// What is offered where the rows of two periods do not meet.
pub(crate) fn near(world: &World, draft: &DraftInterpretation) -> Option<(String, Vec<String>)> {
    let role = role();
    let catalogue = Catalogue::for_role(&world.model, &world.policy, &role);
    where_rows_meet(draft, &catalogue, &world.policy.calendar, as_of())
}

fn reference(field: &FieldRef) -> String {
    format!("{}.{}", field.dataset, field.field)
}

/// A reply in one line: `late_fees by branches.branch_name for "x" in [a.b] during last week top 5 ...`.
pub(crate) fn line(reply: &ValidateReply) -> String {
    match reply {
        ValidateReply::Supported(draft) => supported(draft),
        ValidateReply::Ambiguous { options, .. } => format!("ask back: {}", options.join(" | ")),
        ValidateReply::Unsupported { .. } => "unsupported".to_owned(),
    }
}

fn supported(draft: &DraftInterpretation) -> String {
    let mut text = draft.metrics.join(", ");
    for dimension in &draft.dimensions {
        text.push_str(&format!(" by {}", reference(&dimension.field)));
        if let Some(grain) = dimension.grain {
            text.push_str(&format!(":{grain:?}").to_lowercase());
        }
    }
    for filter in &draft.filters {
        let fields: Vec<String> = filter.fields.iter().map(reference).collect();
        let not = if filter.negated { "not " } else { "" };
        text.push_str(&format!(
            " {not}\"{}\" in {}",
            filter.phrases.join(if filter.either { " or " } else { "+" }),
            fields.join("|")
        ));
    }
    if let Some(period) = &draft.period {
        text.push_str(&format!(" during {}", period.label));
    }
    match &draft.comparison {
        None => {}
        Some(ComparisonExpr::Previous) => text.push_str(" vs previous"),
        Some(ComparisonExpr::LastYear) => text.push_str(" vs last year"),
        Some(ComparisonExpr::With(phrase)) => text.push_str(&format!(" vs ({})", phrase.label)),
    }
    for threshold in &draft.thresholds {
        text.push_str(&format!(" where {} {:?} {}", threshold.by, threshold.bound, threshold.value));
    }
    text.push_str(if draft.shares { " shares" } else { "" });
    for order in &draft.order {
        text.push_str(&format!(" order {}{}", order.by, if order.descending { " desc" } else { "" }));
    }
    if let Some(limit) = draft.limit {
        text.push_str(&format!(" limit {limit}"));
    }
    text
}
