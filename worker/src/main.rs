//! `wex-worker`: job in, SMS out. See the library of the same name.

use std::process::ExitCode;

fn main() -> ExitCode {
    wex_worker::main()
}
