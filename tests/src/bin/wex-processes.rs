//! All programs of the product in one, which one by the name it is called by.
//!
//! Cargo builds a package's own programs before its tests, but not those of other packages. So the tests run this one
//! under the names of the real ones; each of those is nothing but a call to the same function. `wex-queue-worker` is ours
//! alone.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let called = std::env::args_os().next().unwrap_or_default();
    match Path::new(&called)
        .file_name()
        .and_then(|name| name.to_str())
    {
        Some("wex-ingress") => wex_ingress::main(),
        Some("wex-worker") => wex_worker::main(),
        Some("wex-sim") => wex_sim::main(),
        Some("wex-queue-worker") => wex_tests::crash_matrix::worker::main(),
        Some("wex") => wex_ops::main(),
        _ => ExitCode::from(2),
    }
}
