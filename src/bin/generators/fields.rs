//! Columns as the templates see them: types, rules, and values for the tests.

use cruet::Inflector;
use heck::AsUpperCamelCase;
use loco_gen::column::{Column, ColumnKind, ScalarType};
use loco_rs::Result;
use serde_json::{Value, json};

use super::refuse;

/// What a value of a type is called, and what it looks like.
struct Kind {
    /// In parameters and views.
    rust: String,
    /// From a parameter to the column.
    conversion: &'static str,
    /// A rule of `models::params`.
    rule: Option<&'static str>,
    schema: String,
    /// Good values, as Rust expressions of JSON; in the second `caller` makes it another one for each.
    one: String,
    another: String,
    /// One of another type.
    wrong: Value,
    /// The first one in a fixture.
    yaml: String,
}

/// The column of a scaffold that is no reference.
pub fn field(column: &Column, singular: &str) -> Result<Value> {
    let ColumnKind::Scalar(scalar) = &column.kind else {
        return refuse(format!(
            "`{}`: arrays are not there on SQLite; a table of its own holds many of something",
            column.name
        ));
    };
    let enum_name = format!(
        "{}{}",
        AsUpperCamelCase(singular),
        AsUpperCamelCase(column.name.to_singular())
    );
    let kind = kind(scalar, &column.name, &enum_name)?;
    let variants = match scalar {
        ScalarType::Enum { values } => variants(values)?,
        _ => Value::Null,
    };
    if column.unique && matches!(scalar, ScalarType::Bool | ScalarType::Enum { .. }) {
        return refuse(format!("`{}`: few values can't be unique", column.name));
    }
    let of_type = format!("value_type = {}", kind.rust);
    let nullable = kind
        .schema
        .replace(&of_type, &format!("value_type = Option<{}>", kind.rust));
    Ok(json!({
        "nullable_schema": nullable,
        "name": column.name,
        "label": column.name.replace('_', " "),
        "nullable": column.nullable,
        "unique": column.unique,
        "enum_name": enum_name,
        "variants": variants,
        "rust": kind.rust,
        "conversion": kind.conversion,
        "rule": kind.rule,
        "schema": kind.schema,
        "one": kind.one,
        "another": kind.another,
        "wrong": kind.wrong.to_string(),
        "yaml": kind.yaml,
        "is_moment": matches!(scalar, ScalarType::DateTimeTz),
        "is_day": matches!(scalar, ScalarType::Date),
        "is_uuid": matches!(scalar, ScalarType::Uuid),
    }))
}

fn variants(values: &[String]) -> Result<Value> {
    for value in values {
        let is_name = value.starts_with(|c: char| c.is_ascii_lowercase())
            && value
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !is_name {
            return refuse(format!(
                "`{value}`: a value of an enum is written like_this"
            ));
        }
    }
    let variants = values
        .iter()
        .map(|value| json!({"value": value, "name": AsUpperCamelCase(value).to_string()}));
    Ok(variants.collect())
}

fn kind(scalar: &ScalarType, name: &str, enum_name: &str) -> Result<Kind> {
    let number = |rust: &str| Kind {
        rust: rust.to_string(),
        conversion: "",
        rule: None,
        schema: format!("value_type = {rust}, example = 7"),
        one: "7".to_string(),
        another: "8 + caller.bytes().map(i16::from).sum::<i16>()".to_string(),
        wrong: json!("seven"),
        yaml: "7".to_string(),
    };
    let words = |rule, length, schema: &str| Kind {
        rust: "String".to_string(),
        conversion: "",
        rule: Some(rule),
        schema: format!("value_type = String, min_length = 1, max_length = {length}, {schema}"),
        one: format!("\"A {}\"", name.replace('_', " ")),
        another: "format!(\"Of {caller}\")".to_string(),
        wrong: json!(7),
        yaml: format!("A {}", name.replace('_', " ")),
    };
    let of = |rust: &str, one: &str, another: &str, schema: &str| Kind {
        rust: rust.to_string(),
        conversion: "",
        rule: None,
        schema: format!("value_type = {rust}, {schema}"),
        one: one.to_string(),
        another: another.to_string(),
        wrong: json!(["none of these"]),
        yaml: one.to_string(),
    };
    let year = "1000 + caller.bytes().map(u32::from).sum::<u32>()";
    let day = format!("format!(\"{{:04}}-11-23\", {year})");
    let moment = format!("format!(\"{{:04}}-11-23T12:00:00Z\", {year})");
    Ok(match scalar {
        ScalarType::String => words(
            "line",
            255,
            "pattern = r\"^[^\\u0000-\\u001F\\u007F-\\u009F]*$\"",
        ),
        ScalarType::Text => words(
            "text",
            10_000,
            "pattern = r\"^[^\\u0000-\\u0008\\u000B\\u000C\\u000E-\\u001F\\u007F-\\u009F]*$\"",
        ),
        ScalarType::Int | ScalarType::BigInt => number("i64"),
        ScalarType::SmallInt => number("i16"),
        ScalarType::Double => Kind {
            one: "0.5".to_string(),
            another: "f64::from(caller.bytes().map(u32::from).sum::<u32>())".to_string(),
            schema: "value_type = f64, example = 0.5".to_string(),
            yaml: "0.5".to_string(),
            ..number("f64")
        },
        ScalarType::Bool => of("bool", "true", "false", "example = true"),
        ScalarType::Uuid => of(
            "Uuid",
            "\"01980000-0000-7000-8000-00000000000a\"",
            "format!(\"01980000-0000-7000-8000-{:012}\", caller.bytes().map(u32::from).sum::<u32>())",
            "example = \"01980000-0000-7000-8000-00000000000a\"",
        ),
        ScalarType::Date => Kind {
            rule: Some("day"),
            ..of(
                "NaiveDate",
                "\"2026-11-23\"",
                &day,
                "example = \"2026-11-23\"",
            )
        },
        ScalarType::DateTimeTz => Kind {
            conversion: ".trunc_subsecs(6).fixed_offset()",
            rule: Some("moment"),
            ..of(
                "DateTime<Utc>",
                "\"2026-11-23T12:00:00Z\"",
                &moment,
                "example = \"2026-11-23T12:00:00Z\"",
            )
        },
        ScalarType::Enum { values } => Kind {
            conversion: ".as_str().to_string()",
            yaml: values[0].clone(),
            ..of(
                enum_name,
                &format!("\"{}\"", values[0]),
                &format!("\"{}\"", values.get(1).unwrap_or(&values[0])),
                &format!("example = \"{}\"", values[0]),
            )
        },
        _ => {
            return refuse(format!(
                "`{name}`: this type is not the same on SQLite and PostgreSQL. There are string, text, int, \
                 small_int, double, bool, uuid, date, tstz, enum:one,other and references"
            ));
        }
    })
}
