//! Which columns look as if they told something about a person, by what the model says of them.

use super::Ground;
use crate::{Dataset, Field, words_of};
use splitplane_types::DataType;

/// What is to be done to a column, and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Column<'a> {
    pub(super) field: &'a str,
    pub(super) treatment: &'static str,
    pub(super) why: String,
}

/// Words that say what a column holds, and what that is.
const TOLD: [(&str, &str); 30] = [
    ("address", "an address"),
    ("birth", "a date of birth"),
    ("birthday", "a date of birth"),
    ("birthdate", "a date of birth"),
    ("card", "a card"),
    ("cell", "a phone number"),
    ("dob", "a date of birth"),
    ("email", "an email address"),
    ("fax", "a phone number"),
    ("firstname", "a person's name"),
    ("forename", "a person's name"),
    ("iban", "a bank account"),
    ("ip", "a network address"),
    ("lastname", "a person's name"),
    ("latitude", "a place"),
    ("longitude", "a place"),
    ("mail", "an email address"),
    ("mobile", "a phone number"),
    ("passport", "a document of a person"),
    ("phone", "a phone number"),
    ("postcode", "an address"),
    ("salary", "a person's pay"),
    ("ssn", "a document of a person"),
    ("street", "an address"),
    ("surname", "a person's name"),
    ("telephone", "a phone number"),
    ("username", "a person's name"),
    ("wage", "a person's pay"),
    ("zip", "an address"),
    ("zipcode", "an address"),
];

/// Words beside which "name" is a person's.
const PEOPLE: [&str; 21] = [
    "client", "contact", "customer", "driver", "employee", "family", "first", "full", "given", "guest",
    "last", "maiden", "member", "middle", "nick", "owner", "patient", "person", "staff", "student", "user",
];

/// Of a description only words that can mean nothing else.
const DESCRIBED: [&str; 7] = ["birth", "birthday", "email", "iban", "passport", "phone", "ssn"];

/// The columns of a dataset that look personal. What joins and scopes is kept: without it nothing is found.
pub(super) fn columns<'a>(ground: Ground<'a>, dataset: &'a Dataset, kept: &[&str]) -> Vec<Column<'a>> {
    let joins = |name: &String| {
        ground.model.relationships.iter().any(|relationship| {
            (relationship.from == dataset.name && relationship.from_columns.contains(name))
                || (relationship.to == dataset.name && relationship.to_columns.contains(name))
        })
    };
    let fields = dataset.fields.iter();
    let open = fields.filter(|field| !kept.contains(&field.name.as_str()) && !joins(&field.name));
    open.filter_map(|field| {
        let kind = kind_of(field)?;
        let mut why = format!("it looks like {kind}");
        let metrics = ground.model.metrics.iter().filter(|metric| {
            metric.fields.iter().any(|used| used.dataset == dataset.name && used.field == field.name)
        });
        let metrics: Vec<_> = metrics.map(|metric| format!("`{}`", metric.name)).collect();
        if !metrics.is_empty() {
            why = format!("{why}; nobody can ask for {}, which need it", metrics.join(", "));
        }
        Some(Column { field: &field.name, treatment: treatment(kind, field), why })
    })
    .collect()
}

/// What a field tells about a person.
fn kind_of(field: &Field) -> Option<&'static str> {
    let texts = [&field.name, &field.label].into_iter().chain(&field.synonyms);
    for text in texts {
        let words = words_of(text);
        let words: Vec<&str> = words.split(' ').collect();
        if words.contains(&"name") && words.iter().any(|word| PEOPLE.contains(word)) {
            return Some("a person's name");
        }
        if let Some((_, kind)) = TOLD.iter().find(|(word, _)| words.contains(word)) {
            return Some(kind);
        }
    }
    let words = words_of(&field.description);
    let told = |word: &&str| DESCRIBED.contains(word);
    let word = words.split(' ').find(told)?;
    TOLD.iter().find(|(known, _)| *known == word).map(|(_, kind)| *kind)
}

fn treatment(kind: &str, field: &Field) -> &'static str {
    match (kind, field.data_type) {
        ("a phone number", Some(DataType::String)) => "{ mask: last4 }",
        ("a date of birth", Some(DataType::Date | DataType::Timestamp | DataType::TimestampTz)) => {
            "{ mask: { bucket: year } }"
        }
        _ => "hidden",
    }
}
