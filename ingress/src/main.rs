//! `wex-ingress`: HTTP in, job out. See the library of the same name.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// One thread frees what another has allocated; at that the system's allocator is slow.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    wex_ingress::main()
}
