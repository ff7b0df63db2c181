//! Entities as keys and relationships, and what a path along entities leads to.
//!
//! Decides which semantic models are joined. A path is taken only if it is the way that a question would take, too.

use super::models::{Dimension, Entity, Measure, Model};
use crate::draft::{About, Dataset, Draft, Field, Relationship, Role};
use crate::name::{self, same};
use crate::note::{Notes, Place};
use crate::run::Options;
use crate::sql::{self, Anchor};
use sqlparser::ast::Expr;

/// The semantic models that became datasets.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Bound>,
    steps: Vec<Step>,
}

/// A semantic model that became a dataset.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) name: String,
    pub(super) dataset: String,
    /// The dimension to which periods apply.
    pub(super) time: Option<String>,
    pub(super) measures: Vec<Measure>,
    primary: Option<String>,
    entities: Vec<Key>,
    dimensions: Vec<Part>,
}

#[derive(Debug)]
struct Key {
    name: String,
    kind: Kind,
    field: String,
    at: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Primary,
    Unique,
    Foreign,
}

/// A dimension and its field.
#[derive(Debug)]
struct Part {
    name: String,
    field: String,
    /// The finest unit of a time.
    grain: Option<String>,
}

/// A relationship along an entity.
#[derive(Debug)]
struct Step {
    entity: String,
    from: usize,
    to: usize,
    relationship: String,
}

/// Where a path of entities led, and along which relationships.
type Reached = (usize, Vec<String>);

impl Graph {
    /// Adds the dataset of a semantic model.
    pub(super) fn add(&mut self, model: Model, draft: &mut Draft, options: &Options, notes: &mut Notes) {
        let what = format!("semantic model `{}`", model.name);
        let source = match &model.source {
            Ok(source) => {
                options.source_prefix.as_ref().map_or(source.clone(), |prefix| format!("{prefix}.{source}"))
            }
            Err(why) => {
                notes.add(&model.at, what, why.clone());
                return;
            }
        };
        let name = draft.free_dataset(&model.name);
        if name != model.name {
            notes.add(&model.at, what.as_str(), format!("is called `{name}` here"));
        }
        let mut dataset = Dataset {
            name: name.clone(),
            source,
            description: model.about.description.clone(),
            synonyms: model.about.label.iter().cloned().collect(),
            primary_key: Vec::new(),
            unique_keys: Vec::new(),
            fields: Vec::new(),
            at: model.at.clone(),
        };
        // Periods apply to the first time of a dataset.
        let time =
            model.time.clone().or_else(|| model.measures.iter().find_map(|measure| measure.time.clone()));
        let is_time = |dimension: &&Dimension| time.as_ref().is_some_and(|time| same(time, &dimension.name));
        let ordered = model.dimensions.iter().filter(is_time);
        let ordered = ordered.chain(model.dimensions.iter().filter(|dimension| !is_time(dimension)));
        let mut dimensions = Vec::new();
        for dimension in ordered {
            match dimension_field(dimension, &mut dataset, &what, notes) {
                Ok(part) => dimensions.push(part),
                Err(why) => {
                    notes.add(&dimension.at, format!("dimension `{}` of {what}", dimension.name), why)
                }
            }
        }
        let mut entities = Vec::new();
        for entity in &model.entities {
            match entity_field(entity, &mut dataset) {
                Ok(key) => entities.push(key),
                Err(why) => notes.add(&entity.at, format!("entity `{}` of {what}", entity.name), why),
            }
        }
        let primary = entities.iter().find(|key| key.kind == Kind::Primary).map(|key| key.name.clone());
        let is_time =
            |name: &&String| dimensions.iter().any(|part| same(&part.name, name) && part.grain.is_some());
        self.nodes.push(Bound {
            name: model.name,
            dataset: name,
            time: time.as_ref().filter(is_time).cloned(),
            measures: model.measures,
            primary: primary.or(model.primary_entity),
            entities,
            dimensions,
        });
        draft.datasets.push(dataset);
    }

    /// Adds the relationships between the datasets.
    pub(super) fn relate(&mut self, draft: &mut Draft) {
        for (from, many) in self.nodes.iter().enumerate() {
            for (to, one) in self.nodes.iter().enumerate().filter(|(to, _)| *to != from) {
                for key in &many.entities {
                    let meets = |other: &&Key| other.name == key.name && other.kind != Kind::Foreign;
                    let Some(other) = one.entities.iter().find(meets) else { continue };
                    let wanted = format!("{}_{}_to_{}", many.dataset, name::dataset(&key.name), one.dataset);
                    let name =
                        name::free(&wanted, &draft.relationships.iter().map(|step| step.name.as_str()));
                    draft.relationships.push(Relationship {
                        name: name.clone(),
                        from: many.dataset.clone(),
                        to: one.dataset.clone(),
                        from_fields: vec![key.field.clone()],
                        to_fields: vec![other.field.clone()],
                        at: key.at.clone(),
                    });
                    self.steps.push(Step { entity: key.name.clone(), from, to, relationship: name });
                }
            }
        }
    }

    /// The rows of a semantic model.
    pub(super) fn anchor(&self, node: &Bound, draft: &Draft) -> Anchor {
        let dataset = draft.dataset(&node.dataset);
        let field = |name: &String| sql::field(&node.dataset, name);
        Anchor {
            dataset: node.dataset.clone(),
            key: dataset.and_then(|dataset| dataset.primary_key.first()).map(field),
            any: dataset.and_then(|dataset| dataset.fields.first()).map(|first| field(&first.name)),
        }
    }

    /// The field of a dimension as a semantic model's filter names it, and its finest unit if it is a time.
    pub(super) fn dimension(
        &self,
        base: usize,
        path: &str,
        draft: &Draft,
    ) -> Result<(Expr, Option<String>), String> {
        if path == "metric_time" {
            let node = self.nodes.get(base).ok_or("its semantic model is not carried")?;
            let time = node.time.as_ref().ok_or("its semantic model has no time")?;
            let part = node.dimensions.iter().find(|part| same(&part.name, time));
            let part = part.ok_or("its semantic model has no time")?;
            return self
                .field((base, Vec::new()), base, &part.field, draft)
                .map(|field| (field, part.grain.clone()));
        }
        let (entities, last) = split(path)?;
        let found = |node: &Bound| node.dimensions.iter().position(|part| same(&part.name, last));
        let place = self.locate(base, &entities, path, |node| found(node).is_some())?;
        let node = self.nodes.get(place.0);
        let part = node.and_then(|node| node.dimensions.get(found(node)?)).ok_or("a dimension is missing")?;
        self.field(place, base, &part.field, draft).map(|field| (field, part.grain.clone()))
    }

    /// The field of an entity as a semantic model's filter names it.
    pub(super) fn entity(&self, base: usize, path: &str, draft: &Draft) -> Result<Expr, String> {
        let found = |node: &Bound, name: &str| {
            node.entities.iter().find(|key| key.name == name).map(|key| key.field.clone())
        };
        let (entities, last) = match split(path) {
            Ok(parts) => parts,
            Err(_) => (Vec::new(), path),
        };
        let place = if entities.is_empty() {
            (base, Vec::new())
        } else {
            self.locate(base, &entities, path, |node| found(node, last).is_some())?
        };
        let field = self.nodes.get(place.0).and_then(|node| found(node, last));
        let field = field.ok_or_else(|| format!("its filter names entity `{path}`, which is not there"))?;
        self.field(place, base, &field, draft)
    }

    /// The one semantic model that a path of entities leads to and that has what is looked for.
    fn locate(
        &self,
        base: usize,
        entities: &[&str],
        path: &str,
        has: impl Fn(&Bound) -> bool,
    ) -> Result<Reached, String> {
        let mut places: Vec<Reached> = vec![(base, Vec::new())];
        for (depth, entity) in entities.iter().enumerate() {
            let mut next: Vec<Reached> = Vec::new();
            for (at, way) in &places {
                // A semantic model's own entity stays with it.
                if depth == 0 && self.nodes.get(*at).is_some_and(|node| node.owns(entity)) {
                    next.push((*at, way.clone()));
                }
                for step in self.steps.iter().filter(|step| step.from == *at && step.entity == **entity) {
                    next.push((step.to, way.iter().cloned().chain([step.relationship.clone()]).collect()));
                }
            }
            places = next;
        }
        places.retain(|(at, _)| self.nodes.get(*at).is_some_and(&has));
        match places.as_slice() {
            [place] => Ok(place.clone()),
            [] => {
                Err(format!("its filter names `{path}`, which is not reached from `{}`", self.name_of(base)))
            }
            [_, _, ..] => Err(format!("its filter names `{path}`, which is in several semantic models")),
        }
    }

    fn field(&self, (at, way): Reached, base: usize, field: &str, draft: &Draft) -> Result<Expr, String> {
        let (Some(from), Some(to)) = (self.nodes.get(base), self.nodes.get(at)) else {
            return Err("its semantic model is not carried".to_owned());
        };
        if draft.dataset(&to.dataset).and_then(|dataset| dataset.field(field)).is_none() {
            return Err(format!(
                "field `{field}` of `{}`, which its filter names, is not carried",
                to.dataset
            ));
        }
        if draft.way(&from.dataset, &to.dataset).as_ref() != Some(&way) {
            return Err(format!("its filter goes to `{}` by another way than questions do", to.dataset));
        }
        Ok(sql::field(&to.dataset, field))
    }

    fn name_of(&self, at: usize) -> &str {
        self.nodes.get(at).map_or("", |node| node.name.as_str())
    }
}

impl Bound {
    fn owns(&self, entity: &str) -> bool {
        self.primary.as_deref() == Some(entity)
            || self.entities.iter().any(|key| key.name == entity && key.kind != Kind::Foreign)
    }
}

/// The entities of a path, and what is behind the last of them.
fn split(path: &str) -> Result<(Vec<&str>, &str), String> {
    let parts: Vec<&str> = path.split("__").collect();
    match parts.split_last() {
        Some((last, entities)) if !entities.is_empty() && parts.iter().all(|part| !part.is_empty()) => {
            Ok((entities.to_vec(), last))
        }
        Some(_) | None => Err(format!("its filter names `{path}`, which is not `entity__name`")),
    }
}

/// An expression over the columns of one table.
pub(super) fn own_expression(text: &str) -> Result<Expr, String> {
    let mut expression = sql::parse(text)?;
    if sql::has_double_quotes(&expression) {
        return Err(
            "its expression holds double quotes, which are names in some warehouses and texts in others"
                .to_owned(),
        );
    }
    match sql::names(&expression).iter().find(|parts| parts.len() > 1) {
        Some(parts) => {
            Err(format!("its expression names `{}`, which is not a column of its table", parts.join(".")))
        }
        None => {
            sql::rename(&mut expression, &mut |parts| {
                let [name] = parts else { return Err("a name is no column".to_owned()) };
                Ok(sql::column(&name.value))
            })?;
            Ok(expression)
        }
    }
}

fn dimension_field(
    dimension: &Dimension,
    dataset: &mut Dataset,
    what: &str,
    notes: &mut Notes,
) -> Result<Part, String> {
    let is_time = match dimension.kind.as_str() {
        "categorical" => false,
        "time" => true,
        other => return Err(format!("is of type `{}`, which is not read", other)),
    };
    let grain = is_time.then(|| dimension.grain.clone().unwrap_or_else(|| "day".to_owned()));
    if let Some(grain) =
        grain.as_ref().filter(|grain| ["week", "month", "quarter", "year"].contains(&grain.as_str()))
    {
        let why = format!("is by {grain} there; here its values are shown as they are");
        notes.add(&dimension.at, format!("dimension `{}` of {what}", dimension.name), why);
    }
    let expression = own_expression(dimension.expr.clone()?.as_deref().unwrap_or(&dimension.name))?;
    let role = if is_time { Role::Time } else { Role::Dimension };
    let field = push(dataset, &dimension.name, (&expression, role), &dimension.about, &dimension.at);
    Ok(Part { name: dimension.name.clone(), field, grain })
}

fn entity_field(entity: &Entity, dataset: &mut Dataset) -> Result<Key, String> {
    let kind = match entity.kind.as_str() {
        "primary" => Kind::Primary,
        "unique" => Kind::Unique,
        "foreign" => Kind::Foreign,
        "natural" => {
            return Err(
                "is natural: its rows are valid for a time, which no relationship of ours says".to_owned()
            );
        }
        other => return Err(format!("is of type `{}`, which is not read", other)),
    };
    let expression = own_expression(entity.expr.clone()?.as_deref().unwrap_or(&entity.name))?;
    let field = match sql::as_column(&expression) {
        Some(column) => dataset.column(column, &entity.at),
        None => push(dataset, &entity.name, (&expression, Role::Plain), &entity.about, &entity.at),
    };
    let found = dataset.fields.iter_mut().find(|other| other.name == field && other.role == Role::Plain);
    if let Some(found) = found.filter(|found| found.about.description.is_none()) {
        found.about.description.clone_from(&entity.about.description);
    }
    match kind {
        Kind::Primary if dataset.primary_key.is_empty() => dataset.primary_key.push(field.clone()),
        Kind::Primary | Kind::Unique => dataset.unique_keys.push(vec![field.clone()]),
        Kind::Foreign => {}
    }
    Ok(Key { name: entity.name.clone(), kind, field, at: entity.at.clone() })
}

/// Adds a field, and gives the name that it got.
fn push(
    dataset: &mut Dataset,
    name: &str,
    (expression, role): (&Expr, Role),
    about: &About,
    at: &Place,
) -> String {
    let wanted = name::field(name);
    let field = name::free(&wanted, &dataset.fields.iter().map(|field| field.name.as_str()));
    let column = sql::as_column(expression).map(str::to_owned);
    dataset.fields.push(Field {
        name: field.clone(),
        sql: expression.to_string(),
        column,
        is_date: sql::is_date(expression),
        role,
        about: about.clone().renamed(name, &field),
        at: at.clone(),
    });
    field
}
