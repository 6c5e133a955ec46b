//! `wex`: the operator's command line. See the library of the same crate.

use std::process::ExitCode;

fn main() -> ExitCode {
    wex_ops::main()
}
