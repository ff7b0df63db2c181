//! What a tool can check about the shape of the workspace, so that nobody has to remember it:
//! arrows between rooms, sizes, headers, banned words and dependencies, and that ARCHITECTURE.md
//! points at lines and tests that are there.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// What cargo says of the workspace.
fn metadata(arguments: &[&str]) -> Value {
    let cargo = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--filter-platform", &host()])
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    serde_json::from_slice(&cargo.stdout).unwrap()
}

/// This platform's name: packages for others may not have been downloaded.
fn host() -> String {
    let rustc = Command::new("rustc").arg("-vV").output().unwrap();
    let said = String::from_utf8(rustc.stdout).unwrap();
    said.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap()
}

fn members() -> Vec<Value> {
    list(&metadata(&["--no-deps"]), "packages").to_vec()
}

fn normal_dependencies(package: &Value) -> BTreeSet<String> {
    let normal = list(package, "dependencies").iter().filter(|dependency| dependency["kind"].is_null());
    normal.map(|dependency| text(dependency, "name").to_owned()).collect()
}

/// Every Rust file of the workspace, relative to its root.
fn rust_files() -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![root().join("libs"), root().join("services"), root().join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                files.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(files.len() > 50, "the walk found too few files to mean anything");
    files
}

fn is_test_code(name: &str) -> bool {
    name.starts_with("tests/") || name.starts_with("libs/testkit/") || name.contains("/tests")
}

/// The file without its inline test module.
fn product_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().take_while(|line| *line != "#[cfg(test)]")
}

#[test]
fn arrows_between_rooms_point_one_way() {
    let libs: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("types", &[][..]),
        ("proto", &["types"]),
        ("sigv4", &["types"]),
        ("session", &["types"]),
        ("split-plane", &["types"]),
        ("grounding", &["types"]),
        ("drawing", &["types"]),
        ("audit", &["types", "session"]),
        ("store", &["types"]),
        ("semantics", &["types"]),
        ("llm", &["types", "semantics"]),
        ("import", &["semantics"]),
        ("lab", &["types", "semantics"]),
        ("engine", &["types", "split-plane"]),
        ("spark-sql", &["types", "split-plane"]),
        ("engine-spark", &["types", "split-plane", "spark-sql", "engine"]),
        ("engine-databricks", &["types", "split-plane", "spark-sql", "engine", "engine-spark"]),
        ("service", &["types", "proto", "session", "sigv4", "audit"]),
        ("testkit", &["types", "semantics", "llm"]),
    ]);
    let services: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("gateway", &["types", "proto", "service", "session", "grounding", "drawing"][..]),
        ("auth", &["types", "proto", "service", "session", "sigv4", "audit", "store"]),
        ("reasoning", &["types", "proto", "service", "session", "semantics", "llm", "audit"]),
        ("schema-router", &["types", "proto", "service", "session", "semantics", "llm"]),
        (
            "query",
            &[
                "types",
                "proto",
                "service",
                "session",
                "semantics",
                "split-plane",
                "engine",
                "engine-spark",
                "engine-databricks",
                "lab",
                "audit",
                "store",
            ],
        ),
    ]);
    for package in members() {
        let Some(name) = text(&package, "name").strip_prefix("splitplane-") else { continue };
        let Some(allowed) = libs.get(name).or_else(|| services.get(name)) else {
            assert_eq!(name, "tests", "`{name}` is in no list of rooms");
            continue;
        };
        for dependency in normal_dependencies(&package) {
            if let Some(room) = dependency.strip_prefix("splitplane-") {
                assert!(allowed.contains(&room), "{name} must not depend on {room}");
            }
        }
    }
}

#[test]
fn pure_rooms_know_nothing_of_the_network_or_a_runtime() {
    for package in members() {
        let name = text(&package, "name").strip_prefix("splitplane-").unwrap_or("");
        if [
            "types",
            "sigv4",
            "session",
            "semantics",
            "split-plane",
            "spark-sql",
            "grounding",
            "drawing",
            "import",
            "lab",
        ]
        .contains(&name)
        {
            for dependency in normal_dependencies(&package) {
                let heavy = ["tokio", "tonic", "hyper", "tower", "datafusion", "futures"]
                    .contains(&dependency.as_str());
                assert!(!heavy, "{name} must not depend on {dependency}");
            }
        }
    }
}

#[test]
fn the_model_plane_links_no_engine_and_the_data_plane_no_model() {
    let metadata = metadata(&[]);
    let name_of = |id: &str| {
        let package = list(&metadata, "packages").iter().find(|package| text(package, "id") == id).unwrap();
        text(package, "name").to_owned()
    };
    let nodes = list(&metadata["resolve"], "nodes");
    let linked = |service: &str| {
        let mut seen = BTreeSet::new();
        let mut queue: Vec<&str> =
            nodes.iter().map(|node| text(node, "id")).filter(|id| name_of(id) == service).collect();
        while let Some(id) = queue.pop() {
            let node = nodes.iter().find(|node| text(node, "id") == id).unwrap();
            let normal = list(node, "deps")
                .iter()
                .filter(|dependency| list(dependency, "dep_kinds").iter().any(|kind| kind["kind"].is_null()));
            for dependency in normal {
                if seen.insert(name_of(text(dependency, "pkg"))) {
                    queue.push(text(dependency, "pkg"));
                }
            }
        }
        assert!(seen.len() > 20, "{service} links suspiciously little");
        seen
    };
    for service in
        ["splitplane-reasoning", "splitplane-schema-router", "splitplane-gateway", "splitplane-auth"]
    {
        let linked = linked(service);
        for engine in ["splitplane-engine", "datafusion", "parquet"] {
            assert!(!linked.contains(engine), "{service} links {engine}");
        }
    }
    assert!(!linked("splitplane-query").contains("splitplane-llm"));
}

#[test]
fn one_tls_stack_one_parser_and_no_known_bad_version() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let versions = |name: &str| {
        let marker = format!("name = \"{name}\"\nversion = \"");
        let found =
            lock.match_indices(&marker).map(|(at, _)| lock[at + marker.len()..].split('"').next().unwrap());
        found.map(str::to_owned).collect::<Vec<_>>()
    };
    for single in ["rustls", "sqlparser", "tonic", "prost", "arrow-array", "h2", "hyper", "ring"] {
        assert_eq!(versions(single).len(), 1, "{single}: {:?}", versions(single));
    }
    for banned in ["openssl", "native-tls", "aws-lc-rs", "mockall", "lazy_static_include", "reqwest"] {
        assert_eq!(versions(banned), Vec::<String>::new(), "{banned} is banned");
    }
    let patch = |version: &str| version.rsplit('.').next().unwrap().parse::<u32>().unwrap();
    assert!(versions("h2")[0].starts_with("0.4.") && patch(&versions("h2")[0]) >= 16, "RUSTSEC-2026-0258");
    assert!(
        versions("rustls")[0].starts_with("0.23.") && patch(&versions("rustls")[0]) >= 45,
        "RUSTSEC-2026-0285"
    );
}

#[test]
fn every_member_takes_the_workspace_lints() {
    for package in members() {
        let path = text(&package, "manifest_path");
        let manifest = std::fs::read_to_string(path).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{path}");
    }
}

#[test]
fn files_are_headed_and_of_a_readable_size() {
    for (name, text) in rust_files() {
        // A module's own tests stand in a file beside it and belong to it.
        let is_headed = text.starts_with("//!") || name.ends_with("/tests.rs");
        assert!(is_headed, "{name} does not say what it decides");
        let lines = product_lines(&text).count();
        if name.ends_with("main.rs") && name.starts_with("services/") {
            assert!(lines <= 15, "{name} has {lines} lines");
        } else if name.ends_with("src/lib.rs") {
            assert!(lines <= 120, "{name} has {lines} lines");
        } else if !is_test_code(&name) {
            assert!(lines <= 400, "{name} has {lines} lines");
        }
        assert!(!name.ends_with("/mod.rs"), "{name}: name the file after its module");
    }
}

#[test]
fn words_that_say_nothing_are_not_there() {
    let banned = [
        "robust",
        "comprehensive",
        "seamless",
        "production-ready",
        "production ready",
        "blazing",
        "placeholder for",
        "for now",
        "in a real system",
        "todo!(",
        "unimplemented!(",
    ];
    let mut documents = rust_files();
    documents.retain(|(name, _)| name != "tests/it/tidy.rs");
    for name in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "examples/jaffle/README.md",
        "docs/policy-lab.md",
        "docs/storage.md",
        "docs/engines.md",
    ] {
        documents.push((name.to_owned(), std::fs::read_to_string(root().join(name)).unwrap()));
    }
    for (name, text) in documents {
        let text = text.to_lowercase();
        for word in banned {
            assert!(!text.contains(word), "{name} says `{word}`");
        }
    }
}

#[test]
fn no_code_knows_a_word_of_the_example_domains() {
    let mut words = BTreeSet::new();
    for example in ["restaurant", "jaffle"] {
        let model =
            std::fs::read_to_string(root().join("examples").join(example).join("model.yaml")).unwrap();
        for line in model.lines() {
            // Datasets and metrics: what stands deeper are fields, with names that any domain has.
            if let Some(name) = line.strip_prefix("      - name: ") {
                words.insert(name.trim_matches('"').to_owned());
            }
        }
    }
    // Also the plural of the way in which rows are sorted.
    words.remove("orders");
    assert!(words.contains("sales") && words.contains("stores"), "{words:?}");
    for (file, text) in rust_files() {
        if is_test_code(&file) {
            continue;
        }
        let code: String = product_lines(&text)
            .filter(|line| !line.trim_start().starts_with("//") && !line.contains("examples/"))
            .collect::<Vec<_>>()
            .join("\n");
        for token in code.split(|c: char| !c.is_alphanumeric() && c != '_') {
            assert!(!words.contains(token), "{file} knows `{token}`");
        }
    }
}

#[test]
fn architecture_points_at_lines_and_tests_that_are_there() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let sources = rust_files();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| {
            line.strip_prefix("| ").is_some_and(|rest| rest.split(' ').next().unwrap().parse::<u8>().is_ok())
        })
        .filter(|line| line.contains(".rs:"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let numbers: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    assert_eq!(numbers, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
    for row in &rows {
        let (kept, tested) = (ticked(row[2]), ticked(row[3]));
        assert!(!kept.is_empty() && !tested.is_empty(), "invariant {} is not kept or not tested", row[0]);
        for place in kept {
            let (file, symbol) = place.split_once(':').unwrap();
            let source = sources.iter().find(|(name, _)| name == file);
            let source = source.unwrap_or_else(|| panic!("invariant {}: no file {file}", row[0]));
            assert!(source.1.contains(symbol), "invariant {}: `{symbol}` is not in {file}", row[0]);
        }
        for test in tested {
            let found = sources.iter().any(|(_, text)| text.contains(&format!("fn {test}(")));
            assert!(found, "invariant {}: no test {test}", row[0]);
        }
    }
}

/// The words in backticks.
fn ticked(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}
