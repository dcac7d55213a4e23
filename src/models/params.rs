//! From an untrusted JSON object to typed parameters, with every fault found in one go.

use std::{borrow::Cow, fmt};

use chrono::Datelike;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use crate::settings::Settings;

/// One thing that is wrong with a request. Never holds the submitted value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// Where: a JSON pointer (RFC 6901) into the body.
    #[schema(example = "/email")]
    pub pointer: String,
    /// What, for machines: stable, snake_case.
    #[schema(value_type = String, example = "invalid_email")]
    pub code: Cow<'static, str>,
    /// What, for people.
    #[schema(value_type = String, example = "This is not an email address that mail can be sent to.")]
    pub detail: Cow<'static, str>,
}

impl Fault {
    pub fn new(
        field: &str,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        let pointer = if field.is_empty() {
            String::new()
        } else {
            format!("/{}", field.replace('~', "~0").replace('/', "~1"))
        };
        Self {
            pointer,
            code: code.into(),
            detail: detail.into(),
        }
    }
}

impl Fault {
    /// The same one of something that stands deeper in the body.
    #[must_use]
    pub fn under(mut self, pointer: &str) -> Self {
        self.pointer.insert_str(0, pointer);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.pointer, self.detail)
    }
}

/// What a request (or a task) may ask for.
pub trait Params: DeserializeOwned + Validate {
    /// Rules that need more than one field, or the settings of the environment.
    fn check(&self, _settings: &Settings) -> Vec<Fault> {
        Vec::new()
    }
}

/// Parse and validate. Fields of a wrong type and unknown fields are reported together with the
/// values that break a rule; each pointer once.
pub fn parse<P: Params>(body: Value, settings: &Settings) -> Result<P, Vec<Fault>> {
    let Value::Object(mut fields) = body else {
        return Err(vec![Fault::new(
            "",
            "invalid_type",
            "The body must be an object.",
        )]);
    };
    let mut faults = Vec::new();
    // serde stops at the first fault; take the faulty field out and go on, so that all are found.
    let params: P = loop {
        match serde_path_to_error::deserialize(Value::Object(fields.clone())) {
            Ok(params) => break params,
            Err(err) => {
                let (field, fault) = describe(&err, &fields);
                faults.push(fault);
                if fields.remove(&field).is_none() {
                    return Err(faults);
                }
            }
        }
    };
    for (field, errors) in params
        .validate()
        .err()
        .iter()
        .flat_map(|errors| errors.field_errors())
    {
        faults.extend(errors.iter().map(|err| from_validator(&field, err)));
    }
    faults.extend(params.check(settings));

    let mut found: Vec<Fault> = Vec::with_capacity(faults.len());
    for fault in faults {
        if found.iter().all(|earlier| earlier.pointer != fault.pointer) {
            found.push(fault);
        }
    }
    if found.is_empty() {
        return Ok(params);
    }
    found.sort_by(|a, b| a.pointer.cmp(&b.pointer));
    Err(found)
}

/// The top-level field that an error is about, and what to say of it.
fn describe(
    err: &serde_path_to_error::Error<serde_json::Error>,
    fields: &Map<String, Value>,
) -> (String, Fault) {
    let message = err.inner().to_string();
    let unknown = fields
        .keys()
        .filter(|key| message.starts_with(&format!("unknown field `{key}`")));
    if let Some(field) = unknown.max_by_key(|key| key.len()) {
        let fault = Fault::new(field, "unknown_field", "This field is not known here.");
        return (field.clone(), fault);
    }
    let path = err.path().to_string();
    let field = path
        .split(['.', '['])
        .next()
        .unwrap_or_default()
        .to_string();
    // serde's message quotes the submitted value; what was expected stands last and is ours.
    let detail = match message.rsplit_once("expected ") {
        Some((_, expected)) => format!("Expected {expected}."),
        None => "The value has a wrong type.".to_string(),
    };
    let fault = Fault::new(&field, "invalid_type", detail);
    (field, fault)
}

fn from_validator(field: &str, err: &ValidationError) -> Fault {
    let detail = err
        .message
        .clone()
        .unwrap_or(Cow::Borrowed("The value is not allowed."));
    Fault::new(field, err.code.clone(), detail)
}

/// A rule's refusal, for functions that `validator` calls.
pub fn refuse(code: &'static str, detail: &'static str) -> Result<(), ValidationError> {
    Err(ValidationError::new(code).with_message(Cow::Borrowed(detail)))
}

/// A name, a title: one line.
pub fn line(line: &str) -> Result<(), ValidationError> {
    if !(1..=255).contains(&line.chars().count()) {
        return refuse("invalid_length", "A line has 1 to 255 characters.");
    }
    if line.chars().any(char::is_control) {
        return refuse("invalid_characters", "A line has no control characters.");
    }
    Ok(())
}

/// Longer: lines, and tabs in them.
pub fn text(text: &str) -> Result<(), ValidationError> {
    if !(1..=10_000).contains(&text.chars().count()) {
        return refuse("invalid_length", "A text has 1 to 10,000 characters.");
    }
    if text
        .chars()
        .any(|c| c.is_control() && !"\n\r\t".contains(c))
    {
        return refuse("invalid_characters", "A text has no control characters.");
    }
    Ok(())
}

/// A day that both databases can hold.
pub fn day(day: &chrono::NaiveDate) -> Result<(), ValidationError> {
    if (1..=9999).contains(&day.year()) {
        return Ok(());
    }
    refuse("out_of_range", "A year is one from 1 to 9999.")
}

/// A moment that both databases can hold.
pub fn moment(at: &chrono::DateTime<chrono::Utc>) -> Result<(), ValidationError> {
    day(&at.date_naive())
}

/// For a field that may be left out but not be null.
pub fn not_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    d: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(d).map(Some)
}

/// For a parameter of a query, where everything is text. What was expected stands in the error.
pub fn from_text<'de, D: Deserializer<'de>, T: FromText>(d: D) -> Result<Option<T>, D::Error> {
    let text = Cow::<str>::deserialize(d)?;
    T::from_text(&text)
        .map(Some)
        .ok_or_else(|| serde::de::Error::custom(format!("expected {}", T::EXPECTED)))
}

/// A value that a query can hold.
pub trait FromText: Sized {
    const EXPECTED: &'static str;

    fn from_text(text: &str) -> Option<Self>;
}

impl FromText for u64 {
    const EXPECTED: &'static str = "a whole number";

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl FromText for bool {
    const EXPECTED: &'static str = "true or false";

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl FromText for uuid::Uuid {
    const EXPECTED: &'static str = "a UUID";

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl FromText for chrono::DateTime<chrono::Utc> {
    const EXPECTED: &'static str = "a time such as 2026-11-23T00:00:00Z (RFC 3339)";

    /// Years that both databases can hold.
    fn from_text(text: &str) -> Option<Self> {
        let at = chrono::DateTime::parse_from_rfc3339(text).ok()?.to_utc();
        moment(&at).is_ok().then_some(at)
    }
}

/// For a field where null is a value: `None` when left out, `Some(None)` to clear it.
pub fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    d: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(d).map(Some)
}
