//! The reasoning service. See the library for what it does.

fn main() -> std::process::ExitCode {
    splitplane_service::run(
        splitplane_service::Workload::Reasoning,
        splitplane_reasoning::DEFAULTS,
        splitplane_reasoning::build,
    )
}
