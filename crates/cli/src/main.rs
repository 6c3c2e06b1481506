//! The binary: calls `run` and returns its exit code; nothing else.

fn main() -> std::process::ExitCode {
    windlass::run()
}
