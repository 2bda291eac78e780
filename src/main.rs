//! The `fauxforce` binary: everything is in the library's `cli`.

fn main() -> std::process::ExitCode {
    fauxforce::cli::main()
}
