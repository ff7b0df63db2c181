//! The command line. See the library for what it does.

fn main() -> std::process::ExitCode {
    splitplane::main()
}
