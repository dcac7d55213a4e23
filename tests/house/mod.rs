//! The rooms of the house and who may go where, as `src/README.md` has it.

mod promises;
mod secrets;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

struct Room {
    /// Files whose path begins like this; the first room that fits is the file's.
    path: &'static str,
    /// What it may `use crate::`.
    may_use: &'static [&'static str],
    /// What its code never says.
    never: &'static [&'static str],
}

const ALL: &[&str] = &["*"];

const ROOMS: &[Room] = &[
    Room {
        path: "lib.rs",
        may_use: &[],
        never: &[],
    },
    Room {
        path: "bin/",
        may_use: &["arguments"],
        never: &[],
    },
    Room {
        path: "app.rs",
        may_use: ALL,
        never: &["_entities"],
    },
    Room {
        path: "controllers/",
        may_use: &[
            "mailers", "models", "runtime", "settings", "views", "workers",
        ],
        never: &["_entities", "sea_orm", "sqlx", "migration"],
    },
    Room {
        path: "models/_entities/",
        may_use: &[],
        never: &["axum", "loco_rs"],
    },
    Room {
        path: "models/",
        may_use: &["models", "settings"],
        never: &["axum", "AppContext"],
    },
    Room {
        path: "views/",
        may_use: &["models"],
        never: &[
            "_entities",
            "sea_orm",
            "sqlx",
            "async fn",
            ".await",
            "AppContext",
        ],
    },
    Room {
        path: "mailers/",
        may_use: &["mailers", "models", "runtime", "settings", "views"],
        never: &["_entities", "axum"],
    },
    Room {
        path: "workers/",
        may_use: &[
            "mailers", "models", "runtime", "settings", "views", "workers",
        ],
        never: &["_entities", "axum"],
    },
    Room {
        path: "tasks/",
        may_use: &[
            "mailers", "models", "runtime", "settings", "views", "workers",
        ],
        never: &["_entities", "axum"],
    },
    Room {
        path: "initializers/",
        may_use: &[
            "clock",
            "controllers",
            "initializers",
            "mailers",
            "models",
            "runtime",
            "settings",
            "views",
            "workers",
        ],
        never: &["_entities"],
    },
    Room {
        path: "runtime.rs",
        may_use: &["clock", "metrics", "models", "settings", "traces"],
        never: &["_entities", "axum"],
    },
    Room {
        path: "traces.rs",
        may_use: &[],
        never: &["_entities", "axum", "loco_rs", "sea_orm"],
    },
    Room {
        path: "metrics.rs",
        may_use: &[],
        never: &["_entities", "axum", "loco_rs", "sea_orm"],
    },
    Room {
        path: "settings.rs",
        may_use: &[],
        never: &["_entities", "sea_orm"],
    },
    Room {
        path: "clock.rs",
        may_use: &[],
        never: &["axum", "loco_rs", "sea_orm"],
    },
];

/// Names that say nothing: what would go there is a method that has no name yet.
const NO_ROOMS: [&str; 5] = ["common", "dtos", "helpers", "services", "utils"];

#[test]
fn every_file_keeps_to_its_room() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut faults = Vec::new();
    let mut files = Vec::new();
    collect(&src, &mut files);
    for file in &files {
        let path = file.strip_prefix(&src).expect("a file of src/");
        let text = fs::read_to_string(file).expect("a text");
        faults.extend(faults_of(&path.to_string_lossy(), &text));
    }

    assert!(files.len() > 20, "only {} files were read", files.len());
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn a_wrong_import_is_found() {
    let controller = "use crate::{clock::Clock, models::_entities::users, views::{a, tasks}};";
    assert_eq!(
        faults_of("controllers/users.rs", controller),
        [
            "src/controllers/users.rs: may not say `_entities`",
            "src/controllers/users.rs: may not use `crate::clock`",
        ]
    );
    assert_eq!(
        faults_of("models/users.rs", "fn f() { crate::tasks::run() }"),
        ["src/models/users.rs: may not use `crate::tasks`"]
    );
    assert_eq!(
        faults_of("views/users.rs", "pub async fn page() {}"),
        ["src/views/users.rs: may not say `async fn`"]
    );
    assert_eq!(
        faults_of("controllers/utils.rs", ""),
        ["src/controllers/utils.rs: give it the name of what it does"]
    );
    assert_eq!(
        faults_of("models/users/mod.rs", ""),
        ["src/models/users/mod.rs: belongs into src/models/users.rs"]
    );
    assert_eq!(
        faults_of("cellar/wine.rs", ""),
        ["src/cellar/wine.rs: is in no room of this test's table"]
    );
}

#[test]
fn comments_and_the_own_room_are_no_imports() {
    let model = "//! For axum, see crate::views.\nuse super::Model; // crate::tasks\nuse crate::models::{Error, Result};";
    assert_eq!(faults_of("models/users/password.rs", model), [""; 0]);
}

#[test]
fn every_variable_of_the_configuration_is_explained() {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let read = |name: &str| fs::read_to_string(config.join(name)).expect("a file of config/");
    let mut variables = BTreeSet::new();
    for environment in ["development", "production", "test"] {
        let text = read(&format!("{environment}.yaml"));
        for (at, found) in text.match_indices("get_env(name=\"") {
            variables.insert(first_name(&text[at + found.len()..]).to_string());
        }
    }

    let page = read("README.md");
    variables.retain(|variable| !page.contains(&format!("`{variable}`")));

    assert_eq!(variables, BTreeSet::new(), "not in config/README.md");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn faults_of(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut fault = |what: String| faults.push(format!("src/{path}: {what}"));

    if path.split(['/', '.']).any(|part| NO_ROOMS.contains(&part)) {
        fault("give it the name of what it does".to_string());
    }
    // `cargo loco db entities` looks for src/models/users.rs, and would write a second one.
    let capabilities = path.strip_prefix("models/").unwrap_or_default();
    if let Some((table, "mod.rs")) = capabilities.split_once('/')
        && table != "_entities"
    {
        fault(format!("belongs into src/models/{table}.rs"));
    }
    let Some(room) = ROOMS.iter().find(|room| path.starts_with(room.path)) else {
        fault("is in no room of this test's table".to_string());
        return faults;
    };
    let code = without_comments(text);
    for word in room.never.iter().filter(|word| says(&code, word)) {
        fault(format!("may not say `{word}`"));
    }
    for used in crate_imports(&code) {
        if room.may_use != ALL && !room.may_use.contains(&used) {
            fault(format!("may not use `crate::{used}`"));
        }
    }
    faults
}

/// Whole-line and trailing comments; good enough for code that rustfmt has laid out.
fn without_comments(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let comment = line.trim_start().starts_with("//");
        let code = line.split(" // ").next().unwrap_or_default();
        if comment { "" } else { code }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Is the word in the code, and not as a part of a longer one?
fn says(code: &str, word: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        let begins = !word.starts_with(is_name) || !before.is_some_and(is_name);
        let ends = !after.is_some_and(is_name);
        begins && ends
    })
}

/// The first name of each path after `crate::`, also of those in `crate::{…}`.
fn crate_imports(code: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for (at, found) in code.match_indices("crate::") {
        let rest = &code[at + found.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            names.extend(first_names(group));
        } else {
            names.insert(first_name(rest));
        }
    }
    names
}

/// Of `a::b, c::{d, e}}` the names `a` and `c`.
fn first_names(group: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let (mut depth, mut start) = (0_u32, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.push(first_name(group[start..at].trim()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn first_name(path: &str) -> &str {
    let end = path.find(|c: char| !c.is_alphanumeric() && c != '_');
    &path[..end.unwrap_or(path.len())]
}
