//! What holds a secret can't be printed: it has no `Debug`, or one of its own that leaves the secret out.

use std::{fs, path::Path};

use super::{collect, first_name, without_comments};

/// Fields that are secret, whatever they are in.
const SECRET: [&str; 10] = [
    "password",
    "current_password",
    "hashed_password",
    "password_hash",
    "client_secret",
    "secret",
    "token",
    "access_token",
    "refresh_token",
    "plain",
];

/// The structs of a file that derive `Debug` and hold a secret.
fn printable(text: &str) -> Vec<String> {
    let code = without_comments(text);
    let mut found = Vec::new();
    let mut rest = code.as_str();
    while let Some((derives, after)) = next_struct(rest) {
        let name = first_name(after);
        let body = after.find('{').map_or("", |open| {
            let end = after[open..]
                .find("\n}")
                .map_or(after.len(), |end| open + end);
            &after[open..end]
        });
        let holds = body.lines().any(|line| {
            let field = line.trim().trim_start_matches("pub ");
            let (name, kind) = field.split_once(':').unwrap_or_default();
            SECRET.contains(&name) && (kind.contains("String") || kind.contains("str"))
        });
        if holds && derives.contains("Debug") {
            found.push(name.to_string());
        }
        rest = after;
    }
    found
}

/// The attributes of the next struct with fields, and what follows `struct `.
fn next_struct(code: &str) -> Option<(&str, &str)> {
    let at = code.find("struct ")?;
    let before = &code[..at];
    // Its attributes begin after whatever ended before.
    let begin = before.rfind(['}', ';']).map_or(0, |end| end + 1);
    Some((&before[begin..], &code[at + "struct ".len()..]))
}

#[test]
fn what_holds_a_secret_can_not_be_printed() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&src, &mut files);
    // The entities are generated, with `Debug`; see the next test.
    files.retain(|file| !file.to_string_lossy().contains("/_entities/"));
    let mut faults = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a text");
        let names = printable(&text);
        faults.extend(
            names
                .iter()
                .map(|name| format!("{}: {name}", file.display())),
        );
    }
    assert_eq!(faults, [""; 0], "derive no Debug here");
}

/// Entities derive `Debug`, hash and all: so no row is written to the log or into a text by it.
#[test]
fn nothing_is_formatted_by_debug_outside_of_tests() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&src, &mut files);
    let mut faults = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a text");
        for (line, code) in without_comments(&text).lines().enumerate() {
            if code.contains(":?}") || code.contains("dbg!(") || debug_field(code) {
                faults.push(format!("{}:{}: {}", file.display(), line + 1, code.trim()));
            }
        }
    }
    assert_eq!(faults, [""; 0], "say which fields");
}

/// `?value` of tracing's macros.
fn debug_field(code: &str) -> bool {
    ["= ?", "(?"].iter().any(|mark| {
        let mut places = code.match_indices(mark);
        places.any(|(at, _)| code[at + mark.len()..].starts_with(char::is_alphabetic))
    })
}

#[test]
fn a_printable_secret_is_found() {
    let text = "#[derive(Clone, Debug)]\npub struct Login {\n    pub password: Option<String>,\n}\n\n\
                #[derive(Clone)]\nstruct Quiet {\n    token: String,\n}\n\n\
                #[derive(Debug)]\nstruct Plain {\n    name: String,\n}\n";
    assert_eq!(printable(text), ["Login"]);
}
