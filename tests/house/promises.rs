//! `tests/README.md` says which test shows what is promised.

use std::{fs, path::Path};

#[test]
fn every_test_that_is_named_for_a_promise_is_there() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let page = fs::read_to_string(tests.join("README.md")).expect("the page");
    let named: Vec<&str> = page
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|code| code.contains("::") && *code != "a::b")
        .collect();

    assert!(named.len() > 50, "only {} are named", named.len());
    for name in named {
        let path = tests.join(name.replace("::", "/"));
        let is_there = path.is_dir() || path.with_extension("rs").is_file();
        assert!(is_there, "tests/README.md names {name}, which is not there");
    }
    let promises = page.lines().filter(|line| line.starts_with("| ")).count();
    assert!(promises > 30, "only {promises} lines");
}
