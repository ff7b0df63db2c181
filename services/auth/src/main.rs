//! The auth service. See the library for what it does.

fn main() -> std::process::ExitCode {
    splitplane_service::run(
        splitplane_service::Workload::Auth,
        splitplane_auth::DEFAULTS,
        splitplane_auth::build,
    )
}
