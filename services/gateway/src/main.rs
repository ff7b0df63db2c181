//! The gateway service. See the library for what it does.

fn main() -> std::process::ExitCode {
    splitplane_service::run(
        splitplane_service::Workload::Gateway,
        splitplane_gateway::DEFAULTS,
        splitplane_gateway::build,
    )
}
