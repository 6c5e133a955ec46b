//! `wex-ingress`: HTTP in, job out. See the library of the same name.

use std::process::ExitCode;

fn main() -> ExitCode {
    wex_ingress::main()
}
