//! What stands before the command on the command line.

use loco_rs::environment::{Environment, resolve_from_env};

/// The command and what follows it.
pub fn command(arguments: &[String]) -> &[String] {
    let mut rest = arguments;
    loop {
        rest = match rest {
            [flag, _, after @ ..] if flag == "-e" || flag == "--environment" => after,
            [flag, after @ ..] if flag.starts_with("--environment=") => after,
            _ => return rest,
        };
    }
}

/// The environment that is named, or that of the variables.
pub fn environment(arguments: &[String]) -> Environment {
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let named = match word.as_str() {
            "-e" | "--environment" => words.next().map(String::as_str),
            word => word.strip_prefix("--environment="),
        };
        if let Some(name) = named {
            return name.to_string().into();
        }
    }
    resolve_from_env().into()
}
