//! The habits of this repository, as tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use wex_runtime::env::Env;
use wex_runtime::telemetry::TelemetryConfig;

/// Every crate, its folder, and what of ours it may import.
const CRATES: [(&str, &str, &[&str]); 15] = [
    ("wex-domain", "shared/domain", &[]),
    ("wex-assistant", "shared/assistant", &["wex-domain"]),
    ("wex-queue", "shared/queue", &[]),
    ("wex-runtime", "shared/runtime", &[]),
    ("wex-aircall", "shared/aircall", &["wex-domain"]),
    (
        "wex-intake",
        "shared/intake",
        &["wex-aircall", "wex-domain", "wex-queue", "wex-runtime"],
    ),
    ("wex-ledger", "shared/ledger", &["wex-domain"]),
    ("wex-llm", "shared/llm", &["wex-domain"]),
    (
        "wex-metrics",
        "shared/metrics",
        &["wex-domain", "wex-queue"],
    ),
    (
        "wex-turn",
        "shared/turn",
        &["wex-assistant", "wex-domain", "wex-llm", "wex-runtime"],
    ),
    (
        "wex-ingress",
        "ingress",
        &[
            "wex-aircall",
            "wex-domain",
            "wex-intake",
            "wex-metrics",
            "wex-queue",
            "wex-runtime",
        ],
    ),
    (
        "wex-worker",
        "worker",
        &[
            "wex-aircall",
            "wex-assistant",
            "wex-domain",
            "wex-intake",
            "wex-ledger",
            "wex-llm",
            "wex-metrics",
            "wex-queue",
            "wex-runtime",
            "wex-turn",
        ],
    ),
    (
        "wex-ops",
        "ops",
        &[
            "wex-aircall",
            "wex-assistant",
            "wex-domain",
            "wex-ledger",
            "wex-llm",
            "wex-queue",
            "wex-runtime",
            "wex-turn",
        ],
    ),
    ("wex-sim", "sim", &[]),
    (
        "wex-bench",
        "bench",
        &[
            "wex-domain",
            "wex-ledger",
            "wex-ops",
            "wex-queue",
            "wex-runtime",
        ],
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
        .to_owned()
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(root().join(path)).expect("a file of the workspace")
}

/// The files below `folder` with this ending.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the workspace") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && !path.ends_with("target") && !path.ends_with(".git") {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == ending)
            {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty(), "no .{ending} below {folder}");
    found
}

#[test]
fn imports_run_one_way() {
    for (name, folder, allowed) in CRATES {
        let manifest = read(format!("{folder}/Cargo.toml"));
        assert!(
            manifest.contains(&format!("name = \"{name}\"")),
            "{folder} is not {name}"
        );
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{name} leaves the workspace's lints"
        );
        let imported: BTreeSet<_> = manifest
            .lines()
            .filter_map(|line| line.split(['.', ' ', '=']).next())
            .filter(|word| word.starts_with("wex-"))
            .collect();
        for import in imported {
            assert!(allowed.contains(&import), "{name} may not import {import}");
        }
    }
}

#[test]
fn one_version_of_each_dependency_is_named_and_only_at_the_root() {
    for (name, folder, _) in CRATES {
        let manifest = read(format!("{folder}/Cargo.toml"));
        assert!(
            !manifest.contains("version = \""),
            "{name} names a version of its own"
        );
    }
}

#[test]
fn every_script_has_its_contract_and_a_caller() {
    let callers = read("shared/queue/src/scripts.rs");
    for script in files("shared/queue/src/scripts", "lua") {
        let name = script
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let text = fs::read_to_string(&script).expect("a script");
        assert!(
            text.starts_with("-- ") && text.contains("-- KEYS[1]"),
            "{name} has no contract"
        );
        assert!(
            name == "keys.lua" || text.contains("-- Replies"),
            "{name} does not say what it replies"
        );
        assert!(
            callers.contains(&format!("\"{name}\""))
                || callers.contains(&format!("scripts/{name}")),
            "{name} has no caller"
        );
    }
}

#[test]
fn the_example_environment_names_exactly_what_the_processes_read_with_its_default() {
    let example = read(".env.example");
    let example: BTreeMap<_, _> = example
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| line.split_once('=').expect("NAME=value"))
        .collect();

    let mut env = Env::from_pairs(example.iter().map(|(name, value)| (*name, *value)));
    TelemetryConfig::from_env(&mut env);
    wex_ingress::Config::from_env(&mut env);
    wex_worker::Config::from_env(&mut env);
    wex_ops::Config::from_env(&mut env);
    let asked: BTreeSet<_> = env.asked().iter().copied().collect();
    assert_eq!(asked, example.keys().copied().collect());

    // Filled with what has no default, the example works.
    let required = BTreeMap::from([
        ("AIRCALL_API_ID", "id"),
        ("AIRCALL_API_TOKEN", "token"),
        ("AIRCALL_NUMBER_ID", "1"),
        ("AIRCALL_BUYER_NUMBER_ID", "2"),
        ("AIRCALL_WEBHOOK_TOKEN", "token"),
    ]);
    let filled = || required.iter().map(|(name, value)| (*name, *value));
    let with_example = Env::from_pairs(
        example
            .iter()
            .map(|(name, value)| (*name, *value))
            .chain(filled()),
    );
    let without = Env::from_pairs(filled());
    let configs = |mut env: Env| {
        let configs = format!(
            "{:?} {:?} {:?} {:?}",
            TelemetryConfig::from_env(&mut env),
            wex_ingress::Config::from_env(&mut env),
            wex_worker::Config::from_env(&mut env),
            wex_ops::Config::from_env(&mut env)
        );
        env.finish().expect("usable settings");
        configs
    };
    assert_eq!(
        configs(with_example),
        configs(without),
        "a value in the example is not the default"
    );
}

#[test]
fn the_compose_file_hands_every_setting_to_a_process() {
    let compose = read("docker-compose.yml");
    // Where the address is the container's own, or the value a secret file.
    let fixed = ["INGRESS_ADDR:", "INGRESS_SPOOL_DIR:", "WORKER_ADDR:"];
    let names = read(".env.example");
    let names = names.lines().filter_map(|line| line.split_once('='));
    for (name, _) in names.filter(|(name, _)| !name.starts_with('#')) {
        let is_handed = compose.contains(&format!("{name}: ${{{name}:-"))
            || compose.contains(&format!(
                "{name}_FILE: /run/secrets/{}",
                name.to_lowercase()
            ))
            || fixed
                .iter()
                .any(|fixed| fixed.starts_with(name) && compose.contains(fixed));
        assert!(is_handed, "docker-compose.yml does not pass {name} on");
    }
}

#[test]
fn the_example_environment_names_what_the_compose_file_alone_reads_with_its_default() {
    let example = read(".env.example");
    let compose = read("docker-compose.yml");
    for variable in compose.split("${").skip(1) {
        let (variable, _) = variable.split_once('}').expect("it is closed");
        let end = variable.find([':', '?']).unwrap_or(variable.len());
        let (name, default) = variable.split_at(end);
        let default = default.strip_prefix(":-").unwrap_or_default();
        let is_named = example.lines().any(|line| {
            line.starts_with(&format!("{name}=")) || line == format!("#{name}={default}")
        });
        assert!(is_named, ".env.example does not name {name}={default}");
    }
}

#[test]
fn tests_wait_for_events_and_none_is_switched_off() {
    for file in files("tests/it", "rs") {
        let text = fs::read_to_string(&file).expect("a test");
        for forbidden in [concat!("sleep", "("), concat!("#[", "ignore")] {
            assert!(!text.contains(forbidden), "{}: {forbidden}", file.display());
        }
    }
}

#[test]
fn nothing_is_left_for_later_and_no_error_is_asked_by_its_text() {
    for file in files(".", "rs") {
        let text = fs::read_to_string(&file).expect("source");
        for forbidden in [
            concat!("TO", "DO"),
            concat!("FIX", "ME"),
            concat!(".to_string()", ".contains("),
            concat!("todo", "!("),
        ] {
            assert!(!text.contains(forbidden), "{}: {forbidden}", file.display());
        }
    }
}

#[test]
fn every_command_that_the_readme_names_exists() {
    let makefile = read("Makefile");
    let readme = read("README.md");
    let targets = readme.match_indices("make ").filter_map(|(at, _)| {
        let after = &readme[at + "make ".len()..];
        let end = after
            .find(|c: char| !(c.is_ascii_lowercase() || c == '-'))
            .unwrap_or(after.len());
        let is_command = readme[..at].ends_with(['`', '\n']) && end > 0;
        is_command.then(|| &after[..end])
    });
    let mut count = 0;
    for target in targets {
        assert!(
            makefile
                .lines()
                .any(|line| line.starts_with(&format!("{target}:"))),
            "make {target} does not exist"
        );
        count += 1;
    }
    assert!(count >= 2, "the README names its two commands");
}

#[test]
fn every_entry_of_the_runbook_is_rehearsed_and_every_alert_and_script_it_meets_exists() {
    let runbook = read("deploy/runbook.md");
    let tests: Vec<_> = files("tests/it", "rs");
    let exists = |rehearsal: &str| {
        let (module, test) = rehearsal.split_once("::").expect("module::test");
        tests.iter().any(|file| {
            let text = fs::read_to_string(file).expect("a test");
            file.ends_with(format!("{module}.rs")) && text.contains(&format!("fn {test}("))
        })
    };
    let mut titles = BTreeSet::new();
    for entry in runbook.split("\n## ").skip(1) {
        let (title, text) = entry.split_once('\n').expect("an entry has a text");
        let (_, rehearsed) = text
            .split_once("\nRehearsed: ")
            .unwrap_or_else(|| panic!("{title} is not rehearsed"));
        for rehearsal in rehearsed.split('`').skip(1).step_by(2) {
            assert!(exists(rehearsal), "{title}: there is no test {rehearsal}");
        }
        titles.insert(title);
    }
    let alerts = read("deploy/observability/alerts.yml");
    let asked: Vec<_> = alerts
        .split("runbook: \"deploy/runbook.md, ")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert_eq!(asked.len(), alerts.matches("- alert: ").count());
    for title in asked {
        assert!(titles.contains(title), "the runbook has no entry {title}");
    }
    for script in runbook.split("scripts/").skip(1) {
        let end = script.find(|c: char| !c.is_ascii_lowercase());
        let script = &script[..end.unwrap_or(script.len())];
        assert!(
            root().join("scripts").join(script).is_file(),
            "there is no scripts/{script}"
        );
    }
    let start = read("deploy/redis/start");
    let named = start.split("see the runbook, '").nth(1);
    let named = named.and_then(|rest| rest.split('\'').next());
    assert!(titles.contains(named.expect("the start names an entry")));
}
