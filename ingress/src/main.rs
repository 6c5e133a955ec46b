//! `wex-ingress`: HTTP in, job out. See the library of the same name.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A text makes a hundred allocations, and threads free what others allocated: at that the system's allocator is slow.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    wex_ingress::main()
}
