//! Made-up results that narratives are judged against. Decides values only; what a narrative may say of
//! them stands in the tests.

use splitplane_grounding::{ColumnRole, Context, Ranking};
use splitplane_types::{Cell, Column, DataType, Table};

/// A result and what is known of it.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) table: Table,
    pub(crate) context: Context,
}

pub(crate) fn column(name: &str, data_type: DataType, unit: Option<&str>) -> Column {
    Column { name: name.into(), data_type, unit: unit.map(str::to_owned), masked: false }
}

pub(crate) fn text(text: &str) -> Cell {
    Cell::Text(text.into())
}

/// A decimal number, or no value for "-".
pub(crate) fn decimal(text: &str) -> Cell {
    if text == "-" { Cell::Null } else { Cell::Decimal(text.parse().unwrap()) }
}

fn day(text: &str) -> Cell {
    Cell::Timestamp(format!("{text}T00:00:00"))
}

fn period(from: &str, to: &str) -> Option<(String, String)> {
    Some((from.into(), to.into()))
}

/// The case of one table with all its rows.
pub(crate) fn case(columns: Vec<Column>, rows: Vec<Vec<Cell>>, period: Option<(String, String)>) -> Case {
    let context = Context { period, row_count: rows.len(), additive: true, ..Context::default() };
    Case { table: Table { columns, rows }, context }
}

const QUARTER: (&str, &str) = ("2031-01-01", "2031-03-31");

fn quarter() -> Option<(String, String)> {
    period(QUARTER.0, QUARTER.1)
}

fn fees_columns() -> Vec<Column> {
    vec![
        column("branch_name", DataType::String, None),
        column("late_fees", DataType::Decimal, Some("USD")),
        column("loan_count", DataType::Integer, None),
    ]
}

/// Late fees and loans of a library, by branch.
pub(crate) fn fees() -> Case {
    let row = |branch: &str, fees: &str, loans: i64| vec![text(branch), decimal(fees), Cell::Integer(loans)];
    let rows = vec![
        row("Harbour", "1200.50", 310),
        row("Old Mill", "800.00", 405),
        row("Castle \"East\"", "499.50", 120),
    ];
    let mut case = case(fees_columns(), rows, quarter());
    case.context.allowed = vec!["Late fees".into(), "Branch".into()];
    case
}

pub(crate) fn one() -> Case {
    let columns = vec![column("late_fees", DataType::Decimal, Some("USD"))];
    let mut case = case(columns, vec![vec![decimal("84000.00")]], quarter());
    case.context.allowed = vec!["Late fees".into()];
    case
}

/// Rides of a bike rental, by month.
pub(crate) fn rides() -> Case {
    let columns =
        vec![column("started", DataType::Timestamp, None), column("rides", DataType::Integer, None)];
    let row = |month: &str, rides: i64| vec![day(&format!("{month}-01")), Cell::Integer(rides)];
    let rows = vec![row("2031-01", 4_000), row("2031-02", 3_000), row("2031-03", 5_000)];
    case(columns, rows, quarter())
}

fn days() -> Case {
    let columns =
        vec![column("day", DataType::Timestamp, None), column("takings", DataType::Decimal, Some("USD"))];
    let takings = ["11200.00", "9800.50", "10450.00", "12300.25", "15100.00", "18900.75", "6248.50"];
    let rows =
        (2..9).zip(takings).map(|(date, takings)| vec![day(&format!("2026-11-0{date}")), decimal(takings)]);
    case(columns, rows.collect(), period("2026-11-02", "2026-11-08"))
}

fn channels() -> Case {
    let columns = vec![
        column("month", DataType::Timestamp, None),
        column("channel", DataType::String, None),
        column("passes_sold", DataType::Integer, None),
    ];
    let row = |month: &str, channel: &str, passes: i64| {
        vec![day(&format!("{month}-01")), text(channel), Cell::Integer(passes)]
    };
    let rows = vec![
        row("2031-01", "Online", 500),
        row("2031-01", "Counter", 300),
        row("2031-02", "Online", 700),
        row("2031-02", "Counter", 250),
    ];
    case(columns, rows, period("2031-01-01", "2031-02-28"))
}

fn rates() -> Case {
    let columns = vec![
        column("department", DataType::String, None),
        column("no_show_rate", DataType::Decimal, Some("%")),
    ];
    let row = |department: &str, rate: &str| vec![text(department), decimal(rate)];
    let rows = vec![row("Cardiology", "12.5"), row("Dermatology", "8.0"), row("Paediatrics", "15.25")];
    let mut case = case(columns, rows, quarter());
    case.context.additive = false;
    case.context.allowed = vec!["No show rate".into(), "Department".into()];
    case
}

fn top() -> Case {
    let columns = vec![column("tour", DataType::String, None), column("bookings", DataType::Integer, None)];
    let row = |tour: &str, bookings: i64| vec![text(tour), Cell::Integer(bookings)];
    let rows = vec![
        row("River Walk", 912),
        row("Old Town", 640),
        row("Night Lights", 500),
        row("Food Market", 300),
        row("Castle", 248),
    ];
    let mut case = case(columns, rows, quarter());
    case.context.limited = true;
    case.context.ranked = Some(Ranking { column: 1, descending: true });
    case
}

/// As many rows as were asked for, of which nobody knows by what.
fn some() -> Case {
    let mut case = top();
    case.context.ranked = None;
    case
}

fn cut() -> Case {
    let row = |branch: &str, fees: &str, loans: i64| vec![text(branch), decimal(fees), Cell::Integer(loans)];
    let rows =
        vec![row("Harbour", "1200.50", 310), row("Old Mill", "800.00", 405), row("Castle", "499.50", 120)];
    let mut case = case(fees_columns(), rows, quarter());
    case.context.row_count = 1_234;
    case
}

fn profit() -> Case {
    let columns =
        vec![column("region", DataType::String, None), column("profit", DataType::Decimal, Some("EUR"))];
    let row = |region: &str, profit: &str| vec![text(region), decimal(profit)];
    case(columns, vec![row("North", "5200.00"), row("South", "-1300.50"), row("West", "300.00")], quarter())
}

fn none() -> Case {
    case(fees_columns(), Vec::new(), quarter())
}

/// The columns of a metric that is compared with an earlier period.
pub(crate) fn compared_columns(metric: &str, unit: Option<&str>) -> Vec<Column> {
    let column = |suffix: &str, unit| column(&format!("{metric}{suffix}"), DataType::Decimal, unit);
    vec![column("", unit), column("_before", unit), column("_change", unit), column("_growth", Some("%"))]
}

fn compared_case(mut columns: Vec<Column>, rows: Vec<Vec<Cell>>, unit: Option<&str>, metric: &str) -> Case {
    columns.extend(compared_columns(metric, unit));
    case(columns, rows, period("2026-11-09", "2026-11-15"))
}

pub(crate) fn compared_one() -> Case {
    let row = ["84000.00", "80000.00", "4000.00", "5.0"].map(decimal).to_vec();
    let mut case = compared_case(Vec::new(), vec![row], Some("USD"), "net_takings");
    case.compare("2026-11-02", "2026-11-08", &["net_takings"]);
    case
}

pub(crate) fn compared() -> Case {
    let row = |store: &str, cells: [&str; 4]| {
        let mut row = vec![text(store)];
        row.extend(cells.map(decimal));
        row
    };
    let rows = vec![
        row("Harbour", ["42000.00", "40000.00", "2000.00", "5.0"]),
        row("Old Mill", ["27000.00", "30000.00", "-3000.00", "-10.0"]),
        row("Castle", ["15000.00", "10000.00", "5000.00", "50.0"]),
        row("New Street", ["1000.00", "-", "-", "-"]),
        row("Quay", ["500.00", "500.00", "0.00", "0.0"]),
    ];
    let columns = vec![column("store_name", DataType::String, None)];
    let mut case = compared_case(columns, rows, Some("USD"), "net_takings");
    case.compare("2026-11-02", "2026-11-08", &["net_takings"]);
    case
}

fn year() -> Case {
    let row = ["1150", "1000", "150", "15.0"].map(decimal).to_vec();
    let mut case = compared_case(Vec::new(), vec![row], None, "visits");
    case.context.period = period("2031-07-01", "2031-07-31");
    case.compare("2030-07-01", "2030-07-31", &["visits"]);
    case
}

fn shares() -> Case {
    let columns = vec![
        column("product", DataType::String, None),
        column("units", DataType::Integer, None),
        column("units_share", DataType::Decimal, Some("%")),
    ];
    let row =
        |product: &str, units: i64, share: &str| vec![text(product), Cell::Integer(units), decimal(share)];
    let rows = vec![row("Tea", 50, "50.0"), row("Coffee", 30, "30.0"), row("Juice", 20, "20.0")];
    let mut case = case(columns, rows, quarter());
    case.name(&["units"]);
    case
}

/// Waiting times of a clinic, in minutes: a mean, so not to be added up.
fn waits() -> Case {
    let columns = vec![
        column("clinic_name", DataType::String, None),
        column("average_wait", DataType::Decimal, Some("min")),
        column("patients_seen", DataType::Integer, None),
    ];
    let row = |clinic: &str, wait: &str, seen: i64| vec![text(clinic), decimal(wait), Cell::Integer(seen)];
    let rows = vec![row("North", "14.5", 320), row("Riverside", "22.0", 410), row("St. Ann's", "9.75", 150)];
    let mut case = case(columns, rows, period("2026-10-01", "2026-10-31"));
    case.context.additive = false;
    case.context.allowed = vec!["Clinic".into(), "October".into()];
    case.name(&["average_wait", "patients_seen"]);
    case
}

/// Distance driven by a fleet, each vehicle beside the month before.
fn fleet() -> Case {
    let columns = vec![column("vehicle", DataType::String, None)];
    let row = |vehicle: &str, cells: [&str; 4]| {
        let mut row = vec![text(vehicle)];
        row.extend(cells.map(decimal));
        row
    };
    let rows = vec![
        row("Van 1", ["1840.5", "1600.0", "240.5", "15.03"]),
        row("Van 2", ["920.0", "1150.0", "-230.0", "-20.0"]),
        row("Truck 7", ["3100.0", "3100.0", "0.0", "0.0"]),
        row("Truck 9", ["410.0", "0.0", "410.0", "-"]),
    ];
    let mut case = compared_case(columns, rows, Some("km"), "distance_driven");
    case.context.period = period("2026-10-01", "2026-10-31");
    case.compare("2026-09-01", "2026-09-30", &["distance_driven"]);
    case.context.allowed = vec!["Vehicle".into(), "October 2026".into()];
    case
}

/// Nights by week, of a hotel.
fn nights() -> Case {
    let columns =
        vec![column("week", DataType::Timestamp, None), column("nights_sold", DataType::Integer, None)];
    let row = |date: &str, nights: i64| vec![day(date), Cell::Integer(nights)];
    let rows =
        vec![row("2026-10-05", 210), row("2026-10-12", 245), row("2026-10-19", 245), row("2026-10-26", 190)];
    case(columns, rows, period("2026-10-05", "2026-11-01"))
}

/// Passes by month, with the lead changing.
fn mixed() -> Case {
    let mut case = channels();
    for (row, passes) in case.table.rows.iter_mut().zip([100, 300, 700, 250]) {
        row[2] = Cell::Integer(passes);
    }
    case
}

/// Small numbers, which another number could be made of.
fn pair() -> Case {
    let columns = vec![column("store", DataType::String, None), column("visits", DataType::Integer, None)];
    let row = |store: &str, visits: i64| vec![text(store), Cell::Integer(visits)];
    case(columns, vec![row("Harbour", 1), row("Old Mill", 5), row("Store 5", 8)], quarter())
}

/// The one branch that was asked for as the first.
fn best() -> Case {
    let mut case = fees();
    case.table.rows.truncate(1);
    case.context.row_count = 1;
    case.context.limited = true;
    case.context.ranked = Some(Ranking { column: 1, descending: true });
    case
}

/// One number of what the question chose.
fn chosen() -> Case {
    let mut case = compared_one();
    case.context.chosen = vec!["Harbour".into()];
    case
}

impl Case {
    /// Says which period the rows are compared with, and which columns are of which metric.
    pub(crate) fn compare(&mut self, from: &str, to: &str, metrics: &[&str]) {
        self.context.compared = period(from, to);
        self.name(metrics);
    }

    pub(crate) fn name(&mut self, metrics: &[&str]) {
        let label = |name: &&str| ((*name).to_owned(), name.replace('_', " "));
        let metrics: Vec<(String, String)> = metrics.iter().map(label).collect();
        self.context.roles = ColumnRole::of_columns(&self.table.columns, &metrics);
    }
}

/// The table that a file of cases names.
pub(crate) fn named(name: &str) -> Case {
    match name {
        "one" => one(),
        "fees" => fees(),
        "rides" => rides(),
        "days" => days(),
        "channels" => channels(),
        "rates" => rates(),
        "top" => top(),
        "some" => some(),
        "cut" => cut(),
        "profit" => profit(),
        "none" => none(),
        "compared_one" => compared_one(),
        "compared" => compared(),
        "year" => year(),
        "shares" => shares(),
        "waits" => waits(),
        "fleet" => fleet(),
        "nights" => nights(),
        "best" => best(),
        "mixed" => mixed(),
        "pair" => pair(),
        "chosen" => chosen(),
        other => panic!("no table `{other}`"),
    }
}
