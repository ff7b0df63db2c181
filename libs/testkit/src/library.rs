//! A world of public libraries: two tenants with look-alike ids, and secrets in every foreign row.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

/// A branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Tenant.
    pub tenant: &'static str,
    /// Business.
    pub business: &'static str,
    /// Branch id: unique within a business only.
    pub id: &'static str,
    /// Name.
    pub name: &'static str,
    /// City.
    pub city: &'static str,
}

/// A loan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loan {
    /// Unique id.
    pub id: String,
    /// Position of its branch in [`World::branches`].
    pub branch: usize,
    /// Day, ISO 8601.
    pub day: String,
    /// Fee in cents.
    pub fee_cents: i64,
    /// Pages.
    pub pages: i64,
    /// Free text.
    pub note: String,
}

/// A fine on a loan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fine {
    /// The loan.
    pub loan: String,
    /// Amount in cents.
    pub cents: i64,
}

/// A branch that an admin sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Tenant.
    pub tenant: &'static str,
    /// Business.
    pub business: &'static str,
    /// Admin.
    pub admin: &'static str,
    /// Branch id.
    pub branch: &'static str,
}

/// All rows of the warehouse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct World {
    /// Branches.
    pub branches: Vec<Branch>,
    /// Loans.
    pub loans: Vec<Loan>,
    /// Fines.
    pub fines: Vec<Fine>,
    /// Grants.
    pub grants: Vec<Grant>,
}

/// The semantic model of the world.
pub const MODEL: &str = include_str!("../worlds/library/model.yaml");

/// The policy of the world.
pub const POLICY: &str = include_str!("../worlds/library/policy.yaml");

/// The word that stands in every row that `ann` may not see.
pub const SECRET: &str = "hunter2";

/// Who sees which branches: `ann` two of three, `bea` all of north, `sue` south, `rita` the rival.
const GRANTS: [(&str, &str, &str, &str); 8] = [
    ("city-libraries", "north", "ann", "001"),
    ("city-libraries", "north", "ann", "1"),
    ("city-libraries", "north", "bea", "001"),
    ("city-libraries", "north", "bea", "1"),
    ("city-libraries", "north", "bea", "002"),
    ("city-libraries", "south", "sue", "001"),
    ("rival-books", "north", "rita", "001"),
    ("rival-books", "north", "ann", "002"),
];

const BRANCHES: [Branch; 7] = [
    Branch { tenant: "city-libraries", business: "north", id: "001", name: "Harbour", city: "Bergen" },
    Branch { tenant: "city-libraries", business: "north", id: "1", name: "Hill", city: "Bergen" },
    Branch { tenant: "city-libraries", business: "north", id: "002", name: "Mill", city: "Oslo" },
    Branch { tenant: "city-libraries", business: "south", id: "001", name: "Harbour", city: "Oslo" },
    Branch { tenant: "rival-books", business: "north", id: "001", name: "Harbour", city: "Secretville" },
    Branch { tenant: "rival-books", business: "north", id: "1", name: "Vault", city: "Secretville" },
    Branch { tenant: "rival-books", business: "north", id: "002", name: "Cellar", city: "Secretville" },
];

impl World {
    /// The world with `per_branch` loans in each branch, on the days of November 2026.
    #[must_use]
    pub fn library(per_branch: usize) -> Self {
        let branches = BRANCHES.to_vec();
        let mut loans = Vec::new();
        let mut fines = Vec::new();
        for number in 0..per_branch {
            for (position, branch) in branches.iter().enumerate() {
                let mine =
                    branch.tenant == "city-libraries" && branch.business == "north" && branch.id != "002";
                let serial = i64::try_from(number * 7 + position).unwrap_or(0);
                let id = format!("L{position}-{number:05}");
                // Foreign notes are no numbers and foreign pages make a divisor zero, so that an
                // expression that touches a foreign row fails or shows it.
                let note = if mine { format!("{serial}") } else { format!("{SECRET}-{id}") };
                let pages = if mine { serial + 1 } else { 42 };
                let day = format!("2026-11-{:02}", number % 28 + 1);
                if number % 3 == 0 {
                    fines.push(Fine { loan: id.clone(), cents: serial * 3 + 50 });
                }
                loans.push(Loan { id, branch: position, day, fee_cents: serial * 11 + 100, pages, note });
            }
        }
        let grants = GRANTS
            .map(|(tenant, business, admin, branch)| Grant { tenant, business, admin, branch })
            .to_vec();
        Self { branches, loans, fines, grants }
    }

    /// Whether the admin `tenant/business/admin` sees a branch.
    #[must_use]
    pub fn sees(&self, composite: &str, branch: &Branch) -> bool {
        self.grants.iter().any(|grant| {
            composite == format!("{}/{}/{}", grant.tenant, grant.business, grant.admin)
                && (grant.tenant, grant.business, grant.branch) == (branch.tenant, branch.business, branch.id)
        })
    }

    /// The world without a row that the admin does not see.
    #[must_use]
    pub fn only_of(&self, composite: &str) -> Self {
        let seen: Vec<bool> = self.branches.iter().map(|branch| self.sees(composite, branch)).collect();
        let sees = |position: usize| seen.get(position).copied().unwrap_or(false);
        let loans: Vec<Loan> = self.loans.iter().filter(|loan| sees(loan.branch)).cloned().collect();
        let fines =
            self.fines.iter().filter(|fine| loans.iter().any(|loan| loan.id == fine.loan)).cloned().collect();
        let mine =
            |grant: &&Grant| composite == format!("{}/{}/{}", grant.tenant, grant.business, grant.admin);
        let grants = self.grants.iter().filter(mine).cloned().collect();
        let kept = |(position, _): &(usize, &Branch)| sees(*position);
        // Positions must stay those of `branches`, so unseen branches are blanked when written.
        let branches =
            self.branches.iter().enumerate().filter(kept).map(|(_, branch)| branch.clone()).collect();
        let renumbered = loans
            .into_iter()
            .map(|loan| Loan { branch: seen.iter().take(loan.branch).filter(|kept| **kept).count(), ..loan })
            .collect();
        Self { branches, loans: renumbered, fines, grants }
    }

    /// Sum of the fees in cents that the admin sees, between two ISO days, both included.
    #[must_use]
    pub fn fees_cents(&self, composite: &str, from: &str, to: &str) -> i64 {
        self.seen_loans(composite)
            .filter(|loan| (from..=to).contains(&loan.day.as_str()))
            .map(|loan| loan.fee_cents)
            .sum()
    }

    /// The loans that the admin sees.
    pub fn seen_loans<'a>(&'a self, composite: &'a str) -> impl Iterator<Item = &'a Loan> + 'a {
        self.loans.iter().filter(move |loan| {
            self.branches.get(loan.branch).is_some_and(|branch| self.sees(composite, branch))
        })
    }

    /// Writes the world as CSV files.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let mut branches = "tenant_id,business_id,branch_id,branch_key,branch_name,city\n".to_owned();
        for branch in &self.branches {
            let Branch { tenant, business, id, name, city } = branch;
            let key = key(branch);
            let _ = writeln!(branches, "{tenant},{business},{id},{key},{name},{city}");
        }
        let mut loans =
            "loan_id,tenant_id,business_id,branch_id,branch_key,loaned_on,fee,pages,note,reader_email\n"
                .to_owned();
        for loan in &self.loans {
            let Some(branch) = self.branches.get(loan.branch) else { continue };
            let fee = decimal(loan.fee_cents);
            let Loan { id, day, pages, note, .. } = loan;
            let (Branch { tenant, business, id: branch_id, .. }, key) = (branch, key(branch));
            let _ = writeln!(
                loans,
                "{id},{tenant},{business},{branch_id},{key},{day},{fee},{pages},{note},{id}@example.org"
            );
        }
        let mut fines = "fine_id,loan_id,amount\n".to_owned();
        for fine in &self.fines {
            let _ = writeln!(fines, "F{},{},{}", fine.loan, fine.loan, decimal(fine.cents));
        }
        let mut grants = "tenant_id,business_id,admin_id,branch_id\n".to_owned();
        for Grant { tenant, business, admin, branch } in &self.grants {
            let _ = writeln!(grants, "{tenant},{business},{admin},{branch}");
        }
        fs::write(folder.join("branches.csv"), branches)?;
        fs::write(folder.join("loans.csv"), loans)?;
        fs::write(folder.join("fines.csv"), fines)?;
        fs::write(folder.join("admin_branches.csv"), grants)
    }
}

fn key(branch: &Branch) -> String {
    format!("{}/{}/{}", branch.tenant, branch.business, branch.id)
}

fn decimal(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}
