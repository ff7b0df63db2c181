//! The query service. See the library for what it does.

fn main() -> std::process::ExitCode {
    splitplane_service::run(
        splitplane_service::Workload::Query,
        splitplane_query::DEFAULTS,
        splitplane_query::build,
    )
}
