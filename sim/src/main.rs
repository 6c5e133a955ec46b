//! The binary `wex-sim`; everything is in the library.

fn main() -> std::process::ExitCode {
    wex_sim::main()
}
