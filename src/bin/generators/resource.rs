//! `cargo loco generate scaffold|model <name> <field>:<type> …`: a resource of this house, from the templates in
//! `.loco-templates/`. The framework has a fixed list of files for a scaffold and knows of no owners, so the
//! templates are rendered here; migrations, tasks, workers and mailers are the framework's, with ours of that folder.

use std::{fs, path::Path, process::Command};

use cruet::Inflector;
use heck::{AsKebabCase, AsSnakeCase, AsUpperCamelCase};
use loco_gen::{
    RRgen,
    column::{Column, ColumnKind, parse_column},
};
use loco_rs::{Error, Result};
use serde_json::{Value, json};

use super::{fields, read, refuse};
use crate::arguments::command;

const TEMPLATES: &str = ".loco-templates";

/// Before the database has the table, and its entity is there.
const FIRST: [&str; 1] = ["model/model.t"];
/// Then, for a model.
const MODEL: [&str; 3] = ["model/capabilities.t", "model/fixture.t", "model/test.t"];
/// And for a scaffold.
const API: [&str; 3] = [
    "scaffold/api/view.t",
    "scaffold/api/controller.t",
    "scaffold/api/test.t",
];

/// What the framework writes for a new entity. As long as it stands there, a generation that was stopped goes on.
const STUB: &str = "// implement your read-oriented logic here";

/// Names that a column can't have: what every table has, and the language's own.
const TAKEN: &[&str] = &[
    "id",
    "created_at",
    "updated_at",
    "cursor",
    "limit",
    "as",
    "async",
    "await",
    "box",
    "break",
    "const",
    "continue",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "struct",
    "super",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

/// What is to be made.
pub struct Resource {
    is_scaffold: bool,
    plural: String,
    vars: Value,
}

/// If this command makes a resource. Everything that can be refused is refused here, before anything is written.
pub fn asked_for(arguments: &[String]) -> Result<Option<Resource>> {
    let [first, kind, rest @ ..] = command(arguments) else {
        return Ok(None);
    };
    let is_scaffold = kind == "scaffold";
    let is_ours = ["generate", "g"].contains(&first.as_str()) && (is_scaffold || kind == "model");
    if !is_ours || rest.iter().any(|word| word == "--help" || word == "-h") {
        return Ok(None);
    }
    if let Some(flag) = rest.iter().find(|word| word.starts_with('-')) {
        return refuse(format!(
            "`{flag}` is not known here: rows always have their times, and who may do what stands in the templates"
        ));
    }
    let [name, fields @ ..] = rest else {
        return refuse(
            "name the resource: cargo loco generate scaffold posts title:string! user:references",
        );
    };
    Resource::new(name, fields, is_scaffold).map(Some)
}

impl Resource {
    #[expect(
        clippy::disallowed_methods,
        reason = "a migration is named after the time at which it is made"
    )]
    fn new(name: &str, given: &[String], is_scaffold: bool) -> Result<Self> {
        let (singular, plural) = forms(name);
        check_name(&singular, &plural)?;
        let mut columns = Vec::new();
        for field in given {
            let Some((name, spec)) = field.split_once(':') else {
                return refuse(format!(
                    "`{field}`: a field is name:type, such as title:string!"
                ));
            };
            let column = parse_column(name, spec).map_err(|err| Error::Message(err.to_string()))?;
            columns.push(column);
        }
        let (references, plain): (Vec<_>, Vec<_>) = columns
            .into_iter()
            .partition(|column| matches!(column.kind, ColumnKind::Reference { .. }));
        let references: Vec<Value> = references.iter().map(reference).collect::<Result<_>>()?;
        check_columns(&plain, &references)?;
        let is_user = |reference: &&Value| reference["table"] == "users";
        if references.iter().filter(is_user).count() > 1 {
            return refuse("one reference to users is the owner; a second one is not known here");
        }
        let owner = references.iter().find(is_user);
        let parents: Vec<&Value> = references.iter().filter(|r| !is_user(r)).collect();
        let through = parents
            .iter()
            .find(|parent| owner.is_none() && parent["is_shared"] == false);
        let fields: Vec<Value> = plain
            .iter()
            .map(|column| fields::field(column, &singular))
            .collect::<Result<_>>()?;
        if fields.is_empty() && parents.is_empty() {
            return refuse("a resource has at least one field besides its owner");
        }
        let has = |what: &str| fields.iter().any(|field| field[what] == true);
        let vars = json!({
            "name": plural,
            "ts": chrono::Utc::now(),
            "with_tz": true,
            "columns": plain.iter().map(|c| (c.name.clone(), c.col_type())).collect::<Vec<_>>(),
            "references": references.iter().map(|r| (&r["spec"], &r["field"])).collect::<Vec<_>>(),
            "plural": plural,
            "singular": singular,
            "pascal": AsUpperCamelCase(&singular).to_string(),
            "pascals": AsUpperCamelCase(&plural).to_string(),
            "words": singular.replace('_', " "),
            "title": title(&plural),
            "route": format!("/v1/api/{}", AsKebabCase(&plural)),
            "owner": owner,
            "parents": parents,
            "through": through,
            "is_shared": owner.is_none() && through.is_none(),
            "fields": fields,
            "uniques": fields.iter().filter(|f| f["unique"] == true).map(|f| &f["name"]).collect::<Vec<_>>(),
            "has_moment": has("is_moment"),
            "has_day": has("is_day"),
            "is_scaffold": is_scaffold,
        });
        Ok(Self {
            is_scaffold,
            plural,
            vars,
        })
    }

    pub fn generate(&self, arguments: &[String]) -> Result<()> {
        self.render(&FIRST)?;
        // The environment that was named, too.
        let named = &arguments[..arguments.len() - command(arguments).len()];
        for step in ["migrate", "entities"] {
            let mut words = vec!["loco"];
            words.extend(named.iter().map(String::as_str));
            words.extend(["db", step]);
            run("cargo", &words)?;
        }
        self.render(&MODEL)?;
        if self.is_scaffold {
            self.render(&API)?;
        }
        run("cargo", &["fmt", "--all"])?;
        println!(
            "`{}` is there: `cargo test {}` tries it",
            self.plural, self.plural
        );
        if self.is_scaffold {
            println!(
                "who may do what, and what is valid, stands in src/models/{}.rs",
                self.plural
            );
        }
        Ok(())
    }

    fn render(&self, templates: &[&str]) -> Result<()> {
        let generator = RRgen::default();
        for template in templates {
            let text = read(Path::new(TEMPLATES).join(template))?;
            generator.generate(&text, &self.vars).map_err(|err| {
                Error::Message(format!("{TEMPLATES}/{template}: {}", causes(&err)))
            })?;
        }
        Ok(())
    }
}

/// Singular and plural, in the case of tables.
fn forms(name: &str) -> (String, String) {
    let (singular, plural) = (name.to_singular(), name.to_plural());
    (
        AsSnakeCase(singular).to_string(),
        AsSnakeCase(plural).to_string(),
    )
}

fn title(plural: &str) -> String {
    let words = plural.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + letters.as_str()
    })
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && name.len() <= 40
}

fn check_name(singular: &str, plural: &str) -> Result<()> {
    if !is_name(plural) || TAKEN.contains(&singular) || TAKEN.contains(&plural) {
        return refuse(format!("`{plural}`: a resource is named like blog_posts"));
    }
    if singular == plural {
        return refuse(format!(
            "`{plural}` is its own plural: choose a name with two forms"
        ));
    }
    let model = format!("src/models/{plural}.rs");
    let is_made = fs::read_to_string(&model).is_ok_and(|text| !text.contains(STUB));
    let others = ["controllers", "views"].map(|room| format!("src/{room}/{plural}.rs"));
    let others = others.into_iter().find(|path| Path::new(path).exists());
    match is_made.then_some(model).or(others) {
        Some(path) => refuse(format!("{path} is there already; nothing was changed")),
        None => Ok(()),
    }
}

fn check_columns(plain: &[Column], references: &[Value]) -> Result<()> {
    let mut names: Vec<&str> = plain.iter().map(|column| column.name.as_str()).collect();
    for name in &names {
        if !is_name(name) || TAKEN.contains(name) {
            return refuse(format!("`{name}` can't be the name of a field"));
        }
        if name.ends_with("_id") {
            let target = name.trim_end_matches("_id");
            return refuse(format!(
                "`{name}`: say {target}:references, and the column is made with its key"
            ));
        }
    }
    names.extend(
        references
            .iter()
            .filter_map(|reference| reference["field"].as_str()),
    );
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => refuse(format!("`{}` is there twice", pair[0])),
        None => Ok(()),
    }
}

/// What a column refers to: the owner, or a resource that was made by these templates.
fn reference(column: &Column) -> Result<Value> {
    let ColumnKind::Reference { target, fk_field } = &column.kind else {
        return refuse("not a reference");
    };
    let (singular, table) = forms(target);
    let field = fk_field.clone().unwrap_or_else(|| format!("{singular}_id"));
    if !field.ends_with("_id") || !is_name(&field) {
        return refuse(format!("`{field}`: the column of a reference ends in _id"));
    }
    let model = format!("src/models/{table}.rs");
    let text = fs::read_to_string(&model).unwrap_or_default();
    if table != "users" && !text.contains("pub fn visible_to(") {
        return refuse(format!(
            "`{target}:references`: {model} is not a resource that was generated (it has no `visible_to`)"
        ));
    }
    if table == "users" && field != "user_id" {
        return refuse(format!("`{field}`: the owner's column is user_id"));
    }
    Ok(json!({
        "spec": format!("{target}{}", if column.nullable { "?" } else { "" }),
        "field": field,
        "table": table,
        "singular": singular,
        "words": singular.replace('_', " "),
        "nullable": column.nullable,
        "is_shared": text.contains("pub fn visible_to(_:"),
    }))
}

/// An error, and what lies below it: the line of a template, for one.
fn causes(err: &dyn std::error::Error) -> String {
    let below = err.source().map(|below| format!(": {}", causes(below)));
    format!("{err}{}", below.unwrap_or_default())
}

/// Run this, and show what it says.
pub fn run(program: &str, arguments: &[&str]) -> Result<()> {
    println!("$ {program} {}", arguments.join(" "));
    let status = Command::new(program).args(arguments).status()?;
    if status.success() {
        return Ok(());
    }
    refuse(format!(
        "{program} {} did not end well",
        arguments.join(" ")
    ))
}
