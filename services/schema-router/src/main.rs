//! The schema-router service. See the library for what it does.

fn main() -> std::process::ExitCode {
    splitplane_service::run(
        splitplane_service::Workload::SchemaRouter,
        splitplane_schema_router::DEFAULTS,
        splitplane_schema_router::build,
    )
}
