//! What `diff` costs over 300 businesses, 2,000 admins, 50,000 grants and 20 million rows, and how that grows.
//!
//! Rows are made batch by batch as they are read; making them alone is timed as well, so that what the lab adds is
//! seen. First with scopes over columns alone, then with a dataset of 500,000 keys that is reached through all of the
//! rows, each key within one business. A number of millions can be given instead of 20; with `everywhere`, every key is
//! met in all businesses, so that no two keys are seen by the same admins: the worst case.

#![expect(clippy::unwrap_used, clippy::explicit_write, reason = "a benchmark stops where something is wrong")]

use splitplane_lab::fixtures::Dice;
use splitplane_lab::{Batch, BatchError, Diff, Lab, Rows, TextColumn, diff};
use splitplane_semantics::{Policy, SemanticModel, parse_model, parse_policy};
use std::io::Write as _;
use std::time::{Duration, Instant};

const TENANTS: usize = 20;
const BUSINESSES: usize = 300;
const SITES_OF_BUSINESS: usize = 40;
const REGIONS_OF_BUSINESS: usize = 5;
const ADMINS: usize = 2_000;
const GRANTS_OF_ADMIN: usize = 25;
const PEOPLE: usize = 500_000;
const BATCH_ROWS: usize = 65_536;

const OLD: &str = "scope: { tenant: holder, business: unit, site: site }";
const NEW: &str = "scope: { tenant: holder, business: unit, region: region }";

struct Made {
    millions: usize,
    columns: [Vec<String>; 4],
    everywhere: bool,
}

fn names(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{prefix}{number}")).collect()
}

fn code(number: usize) -> Option<u32> {
    u32::try_from(number).ok()
}

impl Made {
    fn new(millions: usize, everywhere: bool) -> Self {
        let sites = names("", SITES_OF_BUSINESS * BUSINESSES / TENANTS);
        Self {
            millions,
            everywhere,
            columns: [names("t", TENANTS), names("b", BUSINESSES), sites, names("r", REGIONS_OF_BUSINESS)],
        }
    }

    /// Site ids repeat between tenants.
    fn place(business: usize, site: usize) -> [Option<u32>; 4] {
        let tenant = business % TENANTS;
        let in_tenant = business / TENANTS * SITES_OF_BUSINESS + site;
        [code(tenant), code(business), code(in_tenant), code(site % REGIONS_OF_BUSINESS)]
    }

    fn batch(
        &self,
        columns: &[String],
        rows: usize,
        mut row: impl FnMut(usize) -> ([Option<u32>; 4], usize),
    ) -> Batch {
        let mut places = Vec::with_capacity(rows);
        let mut others = Vec::with_capacity(rows);
        for index in 0..rows {
            let (place, other) = row(index);
            places.push(place);
            others.push(other);
        }
        let column = |name: &String| -> Result<TextColumn, BatchError> {
            let at = ["holder", "unit", "site", "region"].iter().position(|known| known == name);
            match at.and_then(|at| Some((at, self.columns.get(at)?))) {
                Some((at, values)) => {
                    let codes = places.iter().map(|place| place.get(at).copied().flatten()).collect();
                    TextColumn::new(values.clone(), codes)
                }
                // Nearly every row of a batch has its own: a dictionary of as many texts.
                None => {
                    let values = others.iter().map(usize::to_string).collect();
                    TextColumn::new(values, (0..rows).map(code).collect())
                }
            }
        };
        Batch::new(columns.iter().map(|name| column(name).unwrap()).collect(), rows).unwrap()
    }
}

impl Rows for Made {
    type Error = BatchError;

    fn scan(
        &self,
        source: &str,
        columns: &[String],
        visit: &mut dyn FnMut(&Batch),
    ) -> Result<(), BatchError> {
        let mut dice = Dice::of_seed(7);
        let mut rows = match source {
            "access" => ADMINS * GRANTS_OF_ADMIN,
            "people" => PEOPLE,
            _ => self.millions * 1_000_000,
        };
        let mut begin = 0;
        while rows > 0 {
            let now = rows.min(BATCH_ROWS);
            let batch = self.batch(columns, now, |index| {
                let index = begin + index;
                match source {
                    // An admin belongs to one business, and is granted some of its sites.
                    "access" => (Self::place(index % ADMINS % BUSINESSES, index / ADMINS), index % ADMINS),
                    "people" => (Self::place(0, 0), index),
                    _ => {
                        let business = dice.below(BUSINESSES);
                        let place = Self::place(business, dice.below(SITES_OF_BUSINESS));
                        let of_business = PEOPLE / BUSINESSES;
                        let own = business * of_business + dice.below(of_business);
                        (place, if self.everywhere { dice.below(PEOPLE) } else { own })
                    }
                }
            });
            visit(&batch);
            begin += now;
            rows -= now;
        }
        Ok(())
    }
}

fn world(through: bool) -> (SemanticModel, [Policy; 2]) {
    let field = |name: &str| {
        format!(
            "          - {{ name: {name}, datatype: String, expression: {{ dialects: [ {{ dialect: ANSI_SQL, expression: {name} }} ] }} }}\n"
        )
    };
    let dataset = |name: &str, fields: &[&str]| {
        let fields: String = fields.iter().map(|name| field(name)).collect();
        format!("      - name: {name}\n        source: {name}\n        fields:\n{fields}")
    };
    let mut datasets = dataset("access", &["holder", "unit", "admin", "site", "region"])
        + &dataset("visits", &["holder", "unit", "site", "region", "person"]);
    if through {
        datasets += &dataset("people", &["person"]);
    }
    let model =
        format!("version: \"0.2.0.dev0\"\nsemantic_model:\n  - name: visits\n    datasets:\n{datasets}");
    let model = parse_model("model.yaml", &model).unwrap();
    let policy = |scope: &str| {
        let people =
            if through { "  people: { scope: { through: visits, by: { person: person } } }\n" } else { "" };
        let text = format!(
            "version: 1\nmodel: visits\ncalendar: {{ timezone: UTC }}\ngrants:\n  dataset: access\n  identity: {{ tenant: holder, business: unit, admin: admin }}\n  yields: {{ site: site, region: region }}\ndatasets:\n  visits: {{ {scope} }}\n{people}"
        );
        parse_policy("policy.yaml", &text, &model).unwrap()
    };
    let policies = [policy(OLD), policy(NEW)];
    (model, policies)
}

fn timed<T>(run: impl FnOnce() -> T) -> (Duration, T) {
    let begin = Instant::now();
    let made = run();
    (begin.elapsed(), made)
}

fn measure(millions: usize, through: bool, everywhere: bool) -> (Duration, Duration) {
    let (model, [old, new]) = world(through);
    let rows = Made::new(millions, everywhere);
    let mut columns: Vec<String> = ["holder", "unit", "site", "region"].map(str::to_owned).to_vec();
    if through {
        columns.push("person".to_owned());
    }
    let (reading, _) = timed(|| {
        rows.scan("visits", &columns, &mut |batch| {
            std::hint::black_box(batch.rows());
        })
    });
    let (whole, found): (Duration, Diff) = timed(|| {
        let (old, new) = (Lab::open(&model, &old, &rows).unwrap(), Lab::open(&model, &new, &rows).unwrap());
        diff(&old, &new).unwrap()
    });
    let gained: u64 = found.rows.iter().map(|row| row.gained).sum();
    let lost: u64 = found.rows.iter().map(|row| row.lost).sum();
    writeln!(
        std::io::stdout(),
        "{millions:3} million rows, {}: {:.2} s, of which {:.2} s makes the rows; {} admins, {gained} rows gained, {lost} lost",
        if through { "and 500,000 keys through them" } else { "scoped by columns" },
        whole.as_secs_f64(),
        reading.as_secs_f64(),
        found.admins,
    )
    .unwrap();
    (whole, reading)
}

fn main() {
    let given = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let millions = given.unwrap_or(20_usize);
    let everywhere = std::env::args().any(|argument| argument == "everywhere");
    for through in [false, true] {
        let quarter = measure((millions / 4).max(1), through, everywhere);
        let all = measure(millions, through, everywhere);
        let own = |(whole, reading): (Duration, Duration)| whole.saturating_sub(reading).as_secs_f64();
        writeln!(
            std::io::stdout(),
            "    the lab's own part: {:.2} s, then {:.2} s, {:.1} times",
            own(quarter),
            own(all),
            own(all) / own(quarter)
        )
        .unwrap();
    }
}
