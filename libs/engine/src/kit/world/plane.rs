//! Relations of a world: columns, masks, scopes of every form, and how they join.

use super::World;
use super::keys::{Admin, COOP, HOUSE};
use crate::GrantsRequest;
use crate::error::AnyError;
use datafusion::sql::sqlparser::{dialect::DatabricksDialect, parser::Parser};
use splitplane_split_plane::{
    ColumnExpression, ColumnMask, Condition, MaskKey, RowScope, SandboxView, ScopeValue, ScopedColumn,
    ScopedRelation, SecurityPlane, ViewRelation,
};
use splitplane_types::{Bucket, BucketUnit, Column, DataType};
use std::collections::BTreeMap;
use std::num::NonZeroU32;

/// How a relation is scoped, or a column shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// By composite keys of its own.
    Direct,
    /// Through a relationship.
    Through,
    /// Through two relationships.
    Chain,
    /// By keys and through a relationship.
    Both,
    /// Public.
    Public,
    /// A column masked as NULL.
    MaskedNull,
    /// A column masked but for its last letters.
    MaskedLast,
    /// A column hashed with the tenant's key.
    MaskedHash,
    /// A column of which the bucket is shown.
    MaskedBucket,
    /// A column that the model computes.
    Computed,
    /// A column whose type nothing declares.
    Undeclared,
}

impl Form {
    /// Every form.
    pub const ALL: [Self; 11] = [
        Self::Direct,
        Self::Through,
        Self::Chain,
        Self::Both,
        Self::Public,
        Self::MaskedNull,
        Self::MaskedLast,
        Self::MaskedHash,
        Self::MaskedBucket,
        Self::Computed,
        Self::Undeclared,
    ];
}

/// What a column is good for in a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Nothing special.
    Plain,
    /// Zero in foreign rows, never in the caller's.
    Divisor,
    /// Zero in some of the caller's rows as well.
    Frost,
    /// As large or small as can be in foreign rows.
    Extreme,
    /// Text that is a number in the caller's rows.
    NumberText,
    /// Text that is a date in the caller's rows.
    DateText,
    /// Text that is neither; a cast of it fails on the caller's rows too.
    Word,
    /// A key that a join uses.
    Key,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Origin {
    Physical,
    Computed(&'static str),
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct ColumnSpec {
    pub(crate) name: &'static str,
    pub(crate) data_type: DataType,
    pub(crate) declared: bool,
    pub(crate) role: Role,
    pub(crate) origin: Origin,
    pub(crate) mask: Option<ColumnMask>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct RelationSpec {
    pub(crate) name: &'static str,
    pub(crate) form: Form,
    pub(crate) columns: &'static [ColumnSpec],
    /// Its rows as a part of the main relation's.
    pub(crate) parts: (usize, usize),
    pub(crate) may_be_large: bool,
    /// Whether it has the keys of tenant, business and site.
    pub(crate) keyed: bool,
}

/// An equality by which two relations join.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    /// Relation and column on the many side.
    pub many: (&'static str, &'static str),
    /// Relation and column on the one side.
    pub one: (&'static str, &'static str),
}

impl Link {
    /// Every join of a world.
    pub const ALL: [Self; 5] = [
        Self { many: ("baskets", "harvest"), one: ("harvests", "id") },
        Self { many: ("weighings", "basket"), one: ("baskets", "id") },
        Self { many: ("plots", "harvest"), one: ("harvests", "id") },
        Self { many: ("harvests", "variety"), one: ("varieties", "code") },
        Self { many: ("plots", "site"), one: ("harvests", "site") },
    ];
}

const fn column(name: &'static str, data_type: DataType, role: Role) -> ColumnSpec {
    ColumnSpec { name, data_type, declared: true, role, origin: Origin::Physical, mask: None }
}

const fn masked(name: &'static str, mask: ColumnMask) -> ColumnSpec {
    ColumnSpec { mask: Some(mask), ..column(name, DataType::String, Role::Plain) }
}

const fn computed(name: &'static str, data_type: DataType, expression: &'static str) -> ColumnSpec {
    ColumnSpec { origin: Origin::Computed(expression), ..column(name, data_type, Role::Plain) }
}

const HARVESTS: &[ColumnSpec] = &[
    column("site", DataType::String, Role::Plain),
    column("id", DataType::Integer, Role::Key),
    column("crates", DataType::Integer, Role::Divisor),
    column("frost", DataType::Integer, Role::Frost),
    column("big", DataType::Integer, Role::Extreme),
    column("kilos", DataType::Decimal, Role::Divisor),
    column("acid", DataType::Float, Role::Plain),
    column("note", DataType::String, Role::NumberText),
    column("day", DataType::String, Role::DateText),
    column("word", DataType::String, Role::Word),
    column("picked_on", DataType::Date, Role::Extreme),
    column("seen_at", DataType::Timestamp, Role::Extreme),
    column("ripe", DataType::Boolean, Role::Plain),
    column("variety", DataType::String, Role::Key),
    ColumnSpec { declared: false, ..column("extra", DataType::String, Role::NumberText) },
    masked("grower", ColumnMask::Null),
    masked("phone", ColumnMask::Last(4)),
    computed("per_crate", DataType::Float, "CAST(kilos AS DOUBLE) / CAST(crates AS DOUBLE)"),
    computed("noted", DataType::Integer, "CAST(note AS BIGINT) + 1"),
    ColumnSpec {
        mask: Some(ColumnMask::Last(2)),
        ..computed("tail", DataType::String, "word || '-' || note")
    },
];

const BASKETS: &[ColumnSpec] = &[
    column("id", DataType::Integer, Role::Key),
    column("harvest", DataType::Integer, Role::Key),
    column("weight", DataType::Integer, Role::Divisor),
    column("tag", DataType::String, Role::NumberText),
    ColumnSpec {
        mask: Some(ColumnMask::Bucket(Bucket::Unit(BucketUnit::Month))),
        ..column("made", DataType::Date, Role::Plain)
    },
    masked("weaver", ColumnMask::Hash(MaskKey::new([5; 32]))),
];

const WIDTH: Bucket = match NonZeroU32::new(2) {
    Some(width) => Bucket::Width(width),
    None => Bucket::Unit(BucketUnit::Year),
};

const WEIGHINGS: &[ColumnSpec] = &[
    column("basket", DataType::Integer, Role::Key),
    column("grams", DataType::Integer, Role::Divisor),
    ColumnSpec { mask: Some(ColumnMask::Bucket(WIDTH)), ..column("scale", DataType::Float, Role::Plain) },
    column("remark", DataType::String, Role::DateText),
    computed("kilo", DataType::Float, "1000.0 / CAST(grams AS DOUBLE)"),
];

const PLOTS: &[ColumnSpec] = &[
    column("site", DataType::String, Role::Plain),
    column("harvest", DataType::Integer, Role::Key),
    column("area", DataType::Decimal, Role::Divisor),
    column("name", DataType::String, Role::NumberText),
    column("rows", DataType::Integer, Role::Divisor),
    ColumnSpec { declared: false, ..column("soil", DataType::String, Role::DateText) },
];

const VARIETIES: &[ColumnSpec] = &[
    column("code", DataType::String, Role::Key),
    column("price", DataType::Decimal, Role::Divisor),
    column("rank", DataType::Integer, Role::Plain),
    column("label", DataType::String, Role::Word),
];

const RELATIONS: [RelationSpec; 5] = [
    RelationSpec {
        name: "harvests",
        form: Form::Direct,
        columns: HARVESTS,
        parts: (1, 1),
        may_be_large: true,
        keyed: true,
    },
    RelationSpec {
        name: "baskets",
        form: Form::Through,
        columns: BASKETS,
        parts: (3, 2),
        may_be_large: false,
        keyed: false,
    },
    RelationSpec {
        name: "weighings",
        form: Form::Chain,
        columns: WEIGHINGS,
        parts: (2, 1),
        may_be_large: false,
        keyed: false,
    },
    RelationSpec {
        name: "plots",
        form: Form::Both,
        columns: PLOTS,
        parts: (1, 1),
        may_be_large: false,
        keyed: true,
    },
    RelationSpec {
        name: "varieties",
        form: Form::Public,
        columns: VARIETIES,
        parts: (1, 1),
        may_be_large: false,
        keyed: false,
    },
];

/// The relations of every world.
pub(crate) fn relations() -> &'static [RelationSpec] {
    &RELATIONS
}

/// Where the grants stand.
pub(super) const GRANTS: &str = "keepers";
const KEY_COLUMNS: [&str; 3] = ["coop", "house", "site"];

impl World {
    /// The type in which a column is declared; sites are numbers in some worlds.
    pub(crate) fn data_type(&self, column: &ColumnSpec) -> DataType {
        if column.name == "site" && self.keys.numbers() { DataType::Integer } else { column.data_type }
    }

    /// How the grants of an admin are read.
    #[must_use]
    pub fn grants_request(&self, admin: Admin) -> GrantsRequest {
        let identity = [("coop", COOP), ("house", HOUSE), ("admin", admin.id())];
        GrantsRequest {
            source: GRANTS.to_owned(),
            identity: identity.map(|(column, value)| (column.to_owned(), value.to_owned())).to_vec(),
            yields: vec!["site".to_owned()],
            transaction: None,
        }
    }

    /// The sandbox of someone to whom these sites are granted.
    ///
    /// # Errors
    /// When a computed column does not parse; the plane checks the rest.
    pub fn plane(&self, granted: &[Vec<ScopeValue>]) -> Result<SecurityPlane, AnyError> {
        let scopes = Scopes::new(granted);
        let relation = |spec: &RelationSpec| -> Result<ScopedRelation, AnyError> {
            let columns = spec.columns.iter().map(|column| self.scoped_column(column));
            Ok(ScopedRelation {
                name: spec.name.to_owned(),
                source: spec.name.to_owned(),
                columns: columns.collect::<Result<_, _>>()?,
                rows: scopes.of(spec.form),
            })
        };
        Ok(SecurityPlane::new(RELATIONS.iter().map(relation).collect::<Result<_, _>>()?)?)
    }

    fn scoped_column(&self, column: &ColumnSpec) -> Result<ScopedColumn, AnyError> {
        let expression = match column.origin {
            Origin::Physical => ColumnExpression::Physical(column.name.to_owned()),
            Origin::Computed(text) => ColumnExpression::Computed(
                Parser::new(&DatabricksDialect {}).try_with_sql(text)?.parse_expr()?,
            ),
        };
        Ok(ScopedColumn {
            name: column.name.to_owned(),
            expression,
            data_type: column.declared.then(|| self.data_type(column)),
            unit: None,
            mask: column.mask,
        })
    }

    /// What a statement may name.
    ///
    /// # Errors
    /// Never in practice; the view checks itself.
    pub fn view(&self) -> Result<SandboxView, AnyError> {
        let column = |column: &ColumnSpec| Column {
            name: column.name.to_owned(),
            data_type: self.data_type(column),
            unit: None,
            masked: column.mask.is_some(),
        };
        let relation = |spec: &RelationSpec| ViewRelation {
            name: spec.name.to_owned(),
            columns: spec.columns.iter().map(column).collect(),
        };
        Ok(SandboxView::new(RELATIONS.iter().map(relation).collect(), BTreeMap::new())?)
    }
}

/// The scope of each relation, from what is granted.
struct Scopes {
    keys: Condition,
}

impl Scopes {
    fn new(granted: &[Vec<ScopeValue>]) -> Self {
        let text = |text: &str| ScopeValue::Text(text.to_owned());
        let tuple = |site: &Vec<ScopeValue>| [vec![text(COOP), text(HOUSE)], site.clone()].concat();
        let columns = KEY_COLUMNS.map(str::to_owned).to_vec();
        Self { keys: Condition::Keys { columns, tuples: granted.iter().map(tuple).collect() } }
    }

    fn of(&self, form: Form) -> RowScope {
        let conditions = match form {
            Form::Through => vec![self.exists("harvests", Form::Direct, &[("harvest", "id")])],
            Form::Chain => vec![self.exists("baskets", Form::Through, &[("basket", "id")])],
            Form::Both => {
                let by = [("harvest", "id"), ("site", "site")];
                vec![self.keys.clone(), self.exists("harvests", Form::Direct, &by)]
            }
            Form::Public => {
                return RowScope::Public { reason: "the same list hangs in every shed".to_owned() };
            }
            Form::Direct
            | Form::MaskedNull
            | Form::MaskedLast
            | Form::MaskedHash
            | Form::MaskedBucket
            | Form::Computed
            | Form::Undeclared => {
                vec![self.keys.clone()]
            }
        };
        RowScope::All(conditions)
    }

    fn exists(&self, source: &str, form: Form, by: &[(&str, &str)]) -> Condition {
        let by = by.iter().map(|(mine, theirs)| ((*mine).to_owned(), (*theirs).to_owned())).collect();
        Condition::Exists { source: source.to_owned(), rows: Box::new(self.of(form)), by }
    }
}

impl ColumnSpec {
    /// Forms that a statement meets by naming the column. A mask that is new here does not compile until it has a form.
    pub(crate) fn forms(&self) -> impl Iterator<Item = Form> {
        let mask = self.mask.map(|mask| match mask {
            ColumnMask::Null => Form::MaskedNull,
            ColumnMask::Last(_) => Form::MaskedLast,
            ColumnMask::Hash(_) => Form::MaskedHash,
            ColumnMask::Bucket(_) => Form::MaskedBucket,
        });
        let computed = matches!(self.origin, Origin::Computed(_)).then_some(Form::Computed);
        let undeclared = (!self.declared).then_some(Form::Undeclared);
        [mask, computed, undeclared].into_iter().flatten()
    }
}
