//! `wex demo`, as a stranger runs it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;
use wex_ops::stack::Programs;

use crate::processes;

fn demo(programs: &Programs, arguments: &[&str], typed: &str) -> Output {
    let mut child = Command::new(programs.path("wex"))
        .arg("demo")
        .args(arguments)
        .current_dir(programs.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("wex starts");
    // A demo that ended early does not read; what it says then is what the test looks at.
    drop(
        child
            .stdin
            .take()
            .expect("piped")
            .write_all(typed.as_bytes()),
    );
    child.wait_with_output().expect("wex ends")
}

fn output_of(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// The processes that were started from `directory` and still run.
fn left_running(directory: &Path) -> Vec<String> {
    let prefix = directory.display().to_string();
    std::fs::read_dir("/proc")
        .expect("a Linux machine")
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path().join("exe")).ok())
        .map(|program| program.display().to_string())
        .filter(|program| program.starts_with(&prefix))
        .collect()
}

#[test]
fn the_demo_shows_the_guides_text_and_an_answer_and_exits_with_0() {
    let directory = TempDir::new().unwrap();
    let programs = wex_tests::programs(processes(), directory.path());

    let (code, said, error) = output_of(&demo(&programs, &["--once"], ""));

    assert_eq!((code, error.as_str()), (Some(0), ""), "{said}");
    let text = said
        .find("buyer:  I need 10k sqft in Carson CA for storage")
        .expect("the guide's text");
    let answer = said
        .find("Got it: 10,000 sqft in Carson, CA for storage.")
        .expect("an answer to it");
    assert!(text < answer, "{said}");

    // The ledger stays, where the demo said.
    let (before, rest) = said.split_once(" wex conversations show ").expect("a hint");
    let url = before.rsplit_once("DATABASE_URL=").expect("a URL").1;
    let output = Command::new(programs.path("wex"))
        .args([
            "conversations",
            "show",
            rest.lines().next().expect("a number"),
        ])
        .env("DATABASE_URL", url)
        .output()
        .expect("wex runs");
    let (code, shown, error) = output_of(&output);
    assert_eq!((code, error.as_str()), (Some(0), ""), "{shown}");
    let in_order = [
        "10k sqft in Carson",
        "turn_taken",
        "Got it:",
        "send_accepted",
    ];
    assert!(in_order.iter().all(|part| shown.contains(part)), "{shown}");
    assert_eq!(left_running(directory.path()), [] as [&str; 0]);
}

#[test]
fn a_conversation_goes_on_while_the_provider_of_the_demo_fails() {
    for (provider, script, tour) in [
        ("openai", "en", "I've asked for a tour of #2"),
        ("anthropic", "es", "Ya solicit\u{e9} una visita a la #2"),
    ] {
        let directory = TempDir::new().unwrap();
        let programs = wex_tests::programs(processes(), directory.path());

        let arguments = ["--script", script, "--provider", provider];
        let (code, said, error) = output_of(&demo(&programs, &arguments, ""));

        assert_eq!((code, error.as_str()), (Some(0), ""), "{said}");
        assert_eq!(said.matches("buyer:  ").count(), 6, "{said}");
        assert_eq!(said.matches("WEx:    ").count(), 6, "{said}");
        let fails = said.find("fails now").expect("an outage");
        assert!(said.find(tour).is_some_and(|tour| fails < tour), "{said}");
        assert_eq!(left_running(directory.path()), [] as [&str; 0]);
    }
}

#[test]
fn what_is_typed_is_answered() {
    let directory = TempDir::new().unwrap();
    let programs = wex_tests::programs(processes(), directory.path());

    let (code, said, error) = output_of(&demo(
        &programs,
        &["--port", "0"],
        "make it 20k sqft in Torrance\n",
    ));

    assert_eq!((code, error.as_str()), (Some(0), ""), "{said}");
    assert!(
        said.contains("Got it: 20,000 sqft in Carson, CA or Torrance for storage."),
        "{said}"
    );
    assert_eq!(left_running(directory.path()), [] as [&str; 0]);
}

#[test]
fn a_port_that_is_taken_is_named_with_what_to_type() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let directory = TempDir::new().unwrap();
    let programs = wex_tests::programs(processes(), directory.path());

    let (code, _, error) = output_of(&demo(&programs, &["--once", "--port", &port], ""));

    assert_eq!(code, Some(1));
    assert!(
        error.contains(&format!("port {port} is in use")) && error.contains("--port 8001"),
        "{error}"
    );
}

#[test]
fn a_part_that_is_missing_is_named_with_what_to_type_and_nothing_is_left_running() {
    let directory = TempDir::new().unwrap();
    let programs = wex_tests::programs(processes(), directory.path());
    std::fs::remove_file(directory.path().join("wex-worker")).unwrap();

    let (code, _, error) = output_of(&demo(&programs, &["--once"], ""));

    assert_eq!(code, Some(1));
    assert!(
        error.contains("wex-worker is not there") && error.contains("cargo build"),
        "{error}"
    );
    assert_eq!(left_running(directory.path()), [] as [&str; 0]);
}

#[tokio::test]
async fn ctrl_c_ends_the_demo_and_leaves_nothing_running() {
    let directory = TempDir::new().unwrap();
    let programs = wex_tests::programs(processes(), directory.path());
    let arguments = ["demo".to_owned(), "--port".to_owned(), "0".to_owned()];
    let demo = wex_ops::stack::Process::start(
        "wex demo",
        &programs.path("wex"),
        &arguments,
        &[(
            "PATH",
            std::env::var_os("PATH").unwrap().into_string().unwrap(),
        )],
        directory.path(),
        "wex-worker are running",
    )
    .await
    .unwrap();

    demo.signal(rustix::process::Signal::INT);
    let status = demo.end().await;

    assert!(status.is_some_and(|status| status.success()), "{status:?}");
    // They were killed, and end when the kernel gets to it.
    let gone = async {
        let mut looks = tokio::time::interval(std::time::Duration::from_millis(10));
        while !left_running(directory.path()).is_empty() {
            looks.tick().await;
        }
    };
    let gone = tokio::time::timeout(std::time::Duration::from_secs(5), gone).await;
    assert!(gone.is_ok(), "{:?}", left_running(directory.path()));
}
