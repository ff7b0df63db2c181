//! The rules of a policy, taken literally.

use splitplane_lab::fixtures::{Table, Tables};
use splitplane_semantics::{Policy, RowPolicy, ScopeKey, ScopeRule, SemanticModel};
use splitplane_types::CompositeKey;

pub(crate) struct Oracle<'a> {
    pub(crate) model: &'a SemanticModel,
    pub(crate) policy: &'a Policy,
    tables: &'a Tables,
    admins: Vec<CompositeKey>,
    granted: Vec<Vec<Vec<String>>>,
}

impl<'a> Oracle<'a> {
    pub(crate) fn new(model: &'a SemanticModel, policy: &'a Policy, tables: &'a Tables) -> Self {
        let mut oracle = Self { model, policy, tables, admins: Vec::new(), granted: Vec::new() };
        let grants = &policy.grants;
        let table = oracle.table(&grants.dataset);
        let cell = |row: &[Option<String>], column: &str| row[table.position(column).unwrap()].clone();
        let mut admins = Vec::new();
        for row in &table.rows {
            let parts = [&grants.tenant, &grants.business, &grants.admin].map(|column| cell(row, column));
            let [Some(tenant), Some(business), Some(admin)] = parts else { continue };
            let (Ok(tenant), Ok(business), Ok(admin)) = (tenant.parse(), business.parse(), admin.parse())
            else {
                continue;
            };
            let key = CompositeKey::new(tenant, business, admin);
            if !admins.contains(&key) {
                admins.push(key);
            }
        }
        admins.sort();
        // As the engine is asked: the rows of one identity, each with all its keys or with none.
        let granted = |admin: &CompositeKey| {
            let own = table.rows.iter().filter(|row| {
                cell(row, &grants.tenant).as_deref() == Some(admin.tenant().as_str())
                    && cell(row, &grants.business).as_deref() == Some(admin.business().as_str())
                    && cell(row, &grants.admin).as_deref() == Some(admin.admin().as_str())
            });
            own.filter_map(|row| grants.yields.values().map(|column| cell(row, column)).collect()).collect()
        };
        oracle.granted = admins.iter().map(granted).collect();
        oracle.admins = admins;
        oracle
    }

    pub(crate) fn table(&self, dataset: &str) -> &'a Table {
        self.tables.table(&self.model.dataset(dataset).unwrap().source).unwrap()
    }

    pub(crate) fn admins(&self) -> &[CompositeKey] {
        &self.admins
    }

    pub(crate) fn granted(&self, admin: &CompositeKey) -> &[Vec<String>] {
        &self.granted[self.admins.binary_search(admin).unwrap()]
    }

    fn cell(&self, dataset: &str, row: usize, column: &str) -> Option<&'a str> {
        let table = self.table(dataset);
        table.rows[row][table.position(column).unwrap()].as_deref()
    }

    pub(crate) fn sees(&self, dataset: &str, row: usize, admin: &CompositeKey) -> bool {
        match &self.policy.datasets[dataset].rows {
            RowPolicy::Public { .. } => true,
            RowPolicy::Scoped(rules) => rules.iter().all(|rule| self.meets(dataset, row, admin, rule)),
        }
    }

    /// How many rules a row fails.
    pub(crate) fn failing(&self, dataset: &str, row: usize, admin: &CompositeKey) -> usize {
        match &self.policy.datasets[dataset].rows {
            RowPolicy::Public { .. } => 0,
            RowPolicy::Scoped(rules) => {
                rules.iter().filter(|rule| !self.meets(dataset, row, admin, rule)).count()
            }
        }
    }

    fn meets(&self, dataset: &str, row: usize, admin: &CompositeKey, rule: &ScopeRule) -> bool {
        match rule {
            ScopeRule::Columns(bindings) => self.granted(admin).iter().any(|granted| {
                bindings.iter().all(|(key, column)| {
                    let expected = match key {
                        ScopeKey::Tenant => admin.tenant().as_str(),
                        ScopeKey::Business => admin.business().as_str(),
                        ScopeKey::Admin => admin.admin().as_str(),
                        ScopeKey::Granted(name) => {
                            let at = self.policy.grants.yields.keys().position(|known| known == name);
                            granted[at.unwrap()].as_str()
                        }
                    };
                    self.cell(dataset, row, column) == Some(expected)
                })
            }),
            ScopeRule::Through { dataset: other, by } => (0..self.table(other).rows.len()).any(|theirs| {
                by.iter().all(|(mine, their_column)| {
                    let held = self.cell(dataset, row, mine);
                    held.is_some() && held == self.cell(other, theirs, their_column)
                }) && self.sees(other, theirs, admin)
            }),
        }
    }
}
