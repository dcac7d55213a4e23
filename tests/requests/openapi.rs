//! The OpenAPI document, and that it is about this service.

use std::collections::BTreeSet;

use loco_rs::{app::Hooks, config::Config};
use rollcall::app::App;
use serde_json::Value;

use super::access_matrix::RESOURCES;
use crate::support::{Service, service, service_with};

const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];

async fn document(s: &Service) -> Value {
    let answer = s.anonymous().get("/openapi.json").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.headers["content-type"], "application/json");
    answer.body
}

/// `GET /path` and the operation, for all of them.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let mut operations = Vec::new();
    for (path, item) in paths {
        let path = path.trim_end_matches('/');
        for (method, operation) in item.as_object().expect("an item") {
            assert!(METHODS.contains(&method.as_str()), "{path}: {method}");
            operations.push((format!("{} {path}", method.to_uppercase()), operation));
        }
    }
    operations
}

/// Every value of a `$ref` in the document.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                found.push(reference.clone());
            }
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_document_has_every_route_and_no_other() {
    service(|s| async move {
        let document = document(&s).await;
        let routes: BTreeSet<String> = App::routes(&s.ctx)
            .collect()
            .iter()
            // Pages are for people.
            .filter(|route| !route.uri.starts_with("/account/"))
            .flat_map(|route| {
                let uri = route.uri.trim_end_matches('/');
                route
                    .actions
                    .iter()
                    .map(move |action| format!("{action} {uri}"))
            })
            .collect();

        let documented: BTreeSet<String> = operations(&document)
            .into_iter()
            .map(|(name, _)| name)
            .collect();

        assert_eq!(documented, routes);
    })
    .await;
}

#[tokio::test]
async fn every_operation_tells_its_failures_as_problems() {
    service(|s| async move {
        let document = document(&s).await;

        for (name, operation) in operations(&document) {
            let responses = operation["responses"].as_object().expect("responses");
            for status in ["500", "503"] {
                assert!(responses.contains_key(status), "{name}: no {status}");
            }
            for (status, response) in responses {
                assert!(response["description"].is_string(), "{name} {status}");
                let failure = status.starts_with(['4', '5']);
                // Only there is OAuth's dialect spoken.
                let (content_type, problem) = if name.contains("/oauth/") {
                    ("application/json", "#/components/schemas/OAuthError")
                } else {
                    ("application/problem+json", "#/components/schemas/Problem")
                };
                let schema = &response["content"][content_type]["schema"]["$ref"];
                assert_eq!(schema == problem, failure, "{name} {status}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_operation_that_takes_a_body_or_a_token_says_how_it_is_refused() {
    service(|s| async move {
        let document = document(&s).await;

        for (name, operation) in operations(&document) {
            let mut expected = Vec::new();
            if operation["requestBody"].is_object() {
                expected.extend(["400", "408", "413", "415", "422"]);
            }
            if operation["security"].is_array() {
                expected.push("401");
            }
            if operation["security"][0]["oauth2"].is_array() {
                expected.push("404");
            }
            for status in expected {
                assert!(
                    operation["responses"][status].is_object(),
                    "{name}: no {status}"
                );
            }
        }
    })
    .await;
}

#[tokio::test]
async fn every_reference_resolves() {
    service(|s| async move {
        let document = document(&s).await;
        let mut found = Vec::new();
        references(&document, &mut found);

        assert!(found.len() > 20, "{found:?}");
        for reference in found {
            let pointer = reference.strip_prefix('#').expect("a local reference");
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        for scheme in operations(&document)
            .iter()
            .filter_map(|(_, operation)| operation["security"][0].as_object())
        {
            for name in scheme.keys() {
                assert!(document["components"]["securitySchemes"][name].is_object());
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_examples_of_the_document_are_accepted() {
    service(|s| async move {
        let document = document(&s).await;
        let properties = &document["components"]["schemas"]["RegisterParams"]["properties"];
        let mut body = serde_json::Map::new();
        for (name, schema) in properties.as_object().expect("properties") {
            if let Some(example) = schema.get("example") {
                body.insert(name.clone(), example.clone());
            }
        }

        let answer = s.anonymous().post("/auth/register", body.into()).await;

        assert_eq!(answer.status, 201, "{answer:?}");
        let example = &document["paths"]["/v1/api/users/"]["patch"]["requestBody"]["content"]["application/json"]["example"];
        let client = s.log_in("testuser", "securepassword").await;
        let answer = client.patch("/v1/api/users/", example.clone()).await;
        assert_eq!(answer.status, 202, "{answer:?}");
    })
    .await;
}

/// The document without resources that a fork has generated: those have tests of their own.
fn without_generated(mut document: Value) -> Value {
    let mut theirs = Vec::new();
    for (name, events, route) in RESOURCES {
        let paths = document["paths"].as_object_mut().expect("paths");
        paths.retain(|path, item| {
            let is_theirs = path.starts_with(route);
            if is_theirs {
                references(item, &mut theirs);
            }
            !is_theirs
        });
        let tags = document["tags"].as_array_mut().expect("tags");
        tags.retain(|tag| tag["name"] != *name);
        for path in ["/v1/api/admin/audit", "/v1/api/users/activity"] {
            let parameters = document["paths"][path]["get"]["parameters"].as_array_mut();
            for parameter in parameters.expect("parameters") {
                if let Some(actions) = parameter.pointer_mut("/schema/enum") {
                    let actions = actions.as_array_mut().expect("names");
                    actions
                        .retain(|name| !name.as_str().is_some_and(|name| name.starts_with(events)));
                }
            }
        }
    }
    // What only they spoke of is spoken of no more.
    loop {
        let mut named = Vec::new();
        references(&document, &mut named);
        let schemas = document["components"]["schemas"].as_object_mut();
        let schemas = schemas.expect("schemas");
        let before = schemas.len();
        schemas.retain(|name, schema| {
            let name = format!("#/components/schemas/{name}");
            let is_gone = theirs.contains(&name) && !named.contains(&name);
            if is_gone {
                references(schema, &mut theirs);
            }
            !is_gone
        });
        if schemas.len() == before {
            return document;
        }
    }
}

#[tokio::test]
async fn the_document_is_this_one() {
    service(|s| async move {
        let document = without_generated(document(&s).await);

        insta::assert_json_snapshot!(document, {
            ".info.version" => insta::dynamic_redaction(|value, _| {
                assert_eq!(value.as_str(), Some(env!("CARGO_PKG_VERSION")));
                "[version]"
            }),
        });
    })
    .await;
}

#[tokio::test]
async fn swagger_ui_is_served_from_the_binary() {
    service(|s| async move {
        let redirect = s.anonymous().get("/docs").await;
        let page = s.anonymous().get("/docs/").await;
        let script = s.anonymous().get("/docs/swagger-initializer.js").await;

        assert_eq!(redirect.status, 303, "{redirect:?}");
        assert_eq!(redirect.headers["location"], "/docs/");
        assert_eq!(page.status, 200, "{page:?}");
        assert!(
            page.headers["content-type"]
                .to_str()
                .unwrap()
                .starts_with("text/html")
        );
        assert!(page.text.contains("swagger-ui"), "{}", page.text);
        assert!(script.text.contains("\"/openapi.json\""), "{}", script.text);
        for foreign in ["http://", "https://", "//cdn"] {
            assert!(!page.text.contains(foreign), "{}", page.text);
        }
    })
    .await;
}

#[tokio::test]
async fn switched_off_there_is_no_documentation() {
    fn without_docs(config: &mut Config) {
        config.settings.as_mut().unwrap()["docs"]["enable"] = false.into();
    }
    service_with(without_docs, |s| async move {
        for path in ["/openapi.json", "/docs", "/docs/", "/docs/index.html"] {
            s.anonymous().get(path).await.is_problem(404, "not_found");
        }
    })
    .await;
}
