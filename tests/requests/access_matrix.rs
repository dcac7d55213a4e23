//! Who gets what: every route for every kind of caller. A route without a row fails.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use loco_rs::app::Hooks;
use rollcall::app::App;
use serde_json::{Value, json};

use crate::support::{Answer, Client, PASSWORD, Service, service};

/// In the order of the columns.
const PERSONAS: [&str; 6] = [
    "anonymous",
    "member",
    "other",
    "admin",
    "inactive",
    "deleted",
];

/// A method, a route, and the status for each persona. `{id}` and `{username}` are the member's: its
/// account, or a session of its. What ends sessions and accounts stands last.
#[rustfmt::skip]
const ROWS: &[(&str, &str, [u16; 6])] = &[
    //                                                   anonymous member other admin inactive deleted
    // rows-inject (do not remove)
    ("GET",    "/_ping",                                   [200, 200, 200, 200, 200, 200]),
    ("GET",    "/_health",                                 [200, 200, 200, 200, 200, 200]),
    ("GET",    "/_readiness",                              [200, 200, 200, 200, 200, 200]),
    ("POST",   "/auth/register",                           [201, 201, 201, 201, 201, 201]),
    ("POST",   "/auth/token",                              [200, 200, 200, 200, 200, 200]),
    ("GET",    "/v1/api/users",                            [401, 200, 200, 200, 401, 404]),
    ("PATCH",  "/v1/api/users",                            [401, 202, 202, 202, 401, 404]),
    ("GET",    "/v1/api/users/admin-only",                 [401, 403, 403, 200, 401, 404]),
    ("GET",    "/v1/api/users/by-username/{username}",     [401, 200, 404, 200, 401, 404]),
    ("GET",    "/v1/api/users/{id}",                       [401, 200, 404, 200, 401, 404]),
    ("POST",   "/oauth/introspect",                        [200, 200, 200, 200, 200, 200]),
    ("POST",   "/oauth/revoke",                            [200, 200, 200, 200, 200, 200]),
    ("POST",   "/auth/verify-email/request",               [202, 202, 202, 202, 202, 202]),
    ("POST",   "/auth/password/forgot",                    [202, 202, 202, 202, 202, 202]),
    ("POST",   "/auth/magic-link",                         [202, 202, 202, 202, 202, 202]),
    ("POST",   "/auth/verify-email",                       [422, 422, 422, 422, 422, 422]),
    ("POST",   "/auth/change-email",                       [422, 422, 422, 422, 422, 422]),
    ("POST",   "/auth/password/reset",                     [422, 422, 422, 422, 422, 422]),
    ("POST",   "/auth/magic-link/session",                 [422, 422, 422, 422, 422, 422]),
    ("POST",   "/auth/invitation/accept",                  [422, 422, 422, 422, 422, 422]),
    ("GET",    "/account/verify-email",                    [200, 200, 200, 200, 200, 200]),
    ("POST",   "/account/verify-email",                    [422, 422, 422, 422, 422, 422]),
    ("GET",    "/account/reset-password",                  [200, 200, 200, 200, 200, 200]),
    ("POST",   "/account/reset-password",                  [422, 422, 422, 422, 422, 422]),
    ("GET",    "/account/invitation",                      [200, 200, 200, 200, 200, 200]),
    ("POST",   "/account/invitation",                      [422, 422, 422, 422, 422, 422]),
    ("GET",    "/account/magic-link",                      [200, 200, 200, 200, 200, 200]),
    ("POST",   "/account/magic-link",                      [422, 422, 422, 422, 422, 422]),
    ("GET",    "/account/change-email",                    [200, 200, 200, 200, 200, 200]),
    ("POST",   "/account/change-email",                    [422, 422, 422, 422, 422, 422]),
    ("GET",    "/account/forgot-password",                 [200, 200, 200, 200, 200, 200]),
    ("POST",   "/account/forgot-password",                 [422, 422, 422, 422, 422, 422]),
    ("POST",   "/v1/api/admin/invitations",                [401, 403, 403, 201, 401, 404]),
    ("POST",   "/v1/api/admin/invitations/{id}",           [401, 403, 403, 404, 401, 404]),
    ("GET",    "/v1/api/admin/users",                      [401, 403, 403, 200, 401, 404]),
    ("POST",   "/v1/api/admin/users",                      [401, 403, 403, 201, 401, 404]),
    ("POST",   "/v1/api/admin/users/batch",                [401, 403, 403, 200, 401, 404]),
    ("GET",    "/v1/api/admin/users/{id}",                 [401, 403, 403, 200, 401, 404]),
    ("PATCH",  "/v1/api/admin/users/{id}",                 [401, 403, 403, 200, 401, 404]),
    ("PUT",    "/v1/api/admin/users/{id}/role",            [401, 403, 403, 200, 401, 404]),
    ("GET",    "/v1/api/admin/users/{id}/sessions",        [401, 403, 403, 200, 401, 404]),
    ("DELETE", "/v1/api/admin/users/{id}/suspension",      [401, 403, 403, 204, 401, 404]),
    ("POST",   "/v1/api/admin/users/{id}/restore",         [401, 403, 403, 200, 401, 404]),
    ("GET",    "/v1/api/admin/audit",                      [401, 403, 403, 200, 401, 404]),
    ("GET",    "/v1/api/users/activity",                   [401, 200, 200, 200, 401, 404]),
    ("GET",    "/v1/api/users/export",                     [401, 200, 200, 200, 401, 404]),
    ("GET",    "/v1/api/users/sessions",                   [401, 200, 200, 200, 401, 404]),
    ("DELETE", "/v1/api/users/sessions/{id}",              [401, 204, 404, 404, 401, 404]),
    ("DELETE", "/v1/api/admin/users/{id}/sessions/{session_id}", [401, 403, 403, 404, 401, 404]),
    ("DELETE", "/v1/api/admin/users/{id}/sessions",        [401, 403, 403, 204, 401, 404]),
    ("POST",   "/v1/api/admin/users/{id}/password-reset",  [401, 403, 403, 204, 401, 404]),
    ("PUT",    "/v1/api/admin/users/{id}/suspension",      [401, 403, 403, 200, 401, 404]),
    ("DELETE", "/v1/api/admin/users/{id}",                 [401, 403, 403, 204, 401, 404]),
    ("POST",   "/auth/logout",                             [401, 204, 204, 204, 401, 404]),
    ("POST",   "/auth/logout-all",                         [401, 204, 204, 204, 401, 404]),
    ("DELETE", "/v1/api/users",                            [401, 204, 204, 204, 401, 404]),
];

/// Resources that were generated: name, how its events begin, and route; those that others refer to first. Of each
/// the member has one.
pub const RESOURCES: &[(&str, &str, &str)] = &[
    // resources-inject (do not remove)
];

/// Pages are for people; the document is for programs.
fn is_page(route: &str) -> bool {
    route.starts_with("/account/")
}

/// Leaves the caller's session as it is.
fn is_admins(route: &str) -> bool {
    route.starts_with("/v1/api/admin/")
}

/// A good body for a route that takes one. Different for each caller, where it has to be.
fn body(method: &str, path: &str, caller: &str) -> Option<Value> {
    match (method, path) {
        // bodies-inject (do not remove)
        ("POST", "/auth/register") => Some(json!({
            "username": format!("by-{caller}"),
            "email": format!("by-{caller}@example.com"),
            "password": PASSWORD,
        })),
        ("POST", "/auth/token") => Some(json!({"username": "member", "password": PASSWORD})),
        ("PATCH", _) => Some(json!({"first_name": caller})),
        (_, "/auth/verify-email/request" | "/auth/password/forgot" | "/auth/magic-link") => {
            Some(json!({"email": format!("mail-to-{caller}@example.com")}))
        }
        (_, "/auth/password/reset" | "/auth/invitation/accept") => {
            Some(json!({"token": "not a token", "password": PASSWORD}))
        }
        (_, "/auth/verify-email" | "/auth/change-email" | "/auth/magic-link/session") => {
            Some(json!({"token": "not a token"}))
        }
        ("POST", "/v1/api/admin/invitations") => Some(json!({
            "username": format!("invited-by-{caller}"),
            "email": format!("invited-by-{caller}@example.com"),
        })),
        ("POST", "/v1/api/admin/users") => Some(json!({
            "username": format!("made-by-{caller}"),
            "email": format!("made-by-{caller}@example.com"),
        })),
        ("POST", "/v1/api/admin/users/batch") => Some(json!({"users": [{
            "username": format!("moved-by-{caller}"),
            "email": format!("moved-by-{caller}@example.com"),
        }]})),
        ("PUT", "/v1/api/admin/users/{id}/role") => Some(json!({"role": "user"})),
        ("PUT", "/v1/api/admin/users/{id}/suspension") => Some(json!({"reason": caller})),
        _ => None,
    }
}

/// With the ids of the resources in the places of their names.
fn filled(body: &Value, made: &BTreeMap<&str, String>) -> Value {
    let mut text = body.to_string();
    for (name, id) in made {
        text = text.replace(&format!("{{{name}}}"), id);
    }
    text.parse().expect("JSON")
}

/// One of each resource, by name. Those that belong to all are made by an administrator.
async fn resources(member: &Client, admin: &Client) -> BTreeMap<&'static str, String> {
    let mut made = BTreeMap::new();
    for (name, _, route) in RESOURCES {
        let Some(body) = body("POST", route, "its owner") else {
            continue;
        };
        let body = filled(&body, &made);
        let mut answer = member.post(route, body.clone()).await;
        if answer.status == 403 {
            answer = admin.post(route, body).await;
        }
        assert_eq!(answer.status, 201, "{answer:?}");
        made.insert(*name, answer.text_of("id").to_string());
    }
    made
}

async fn personas(s: &Service) -> [Client; 6] {
    let personas = [
        s.anonymous(),
        s.member("member").await,
        s.member("other").await,
        s.admin("admin").await,
        s.member("inactive").await,
        s.member("deleted").await,
    ];
    s.deactivate(&personas[4]).await;
    personas[5].delete("/v1/api/users").await;
    personas
}

async fn call(client: &Client, method: &str, path: &str, body: Option<Value>) -> Answer {
    if path.starts_with("/oauth/") {
        let client_of_the_tests = "client_id=resource-server\
             &client_secret=a+secret+of+the+tests,+and+nobody+else&token=nothing";
        return client.form(path, client_of_the_tests).await;
    }
    if path.starts_with("/account/") && method == "POST" {
        let body = format!("token=not+a+token&password={}", PASSWORD.replace(' ', "+"));
        return client.form(path, &body).await;
    }
    let content_type = body.as_ref().map(|_| "application/json");
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let method: Method = method.parse().expect("a method");
    client.send(method, path, content_type, body).await
}

#[tokio::test]
async fn every_route_answers_every_persona_as_the_table_says() {
    service(|s| async move {
        let personas = personas(&s).await;
        let member = personas[1].id().to_string();
        let target = s.member("target").await.id().to_string();
        s.log_in("member", PASSWORD).await;
        let sessions = personas[1].get("/v1/api/users/sessions").await.body;
        let session = sessions[0]["id"].as_str().expect("a session");
        let made = resources(&personas[1], &personas[3]).await;

        let mut wrong = Vec::new();
        for (method, route, expected) in ROWS {
            // What administrators do is done to an account of its own.
            let id = if is_admins(route) {
                &target
            } else if route.contains("/sessions/") {
                session
            } else if let Some((name, ..)) =
                RESOURCES.iter().find(|(.., path)| route.starts_with(*path))
            {
                made.get(name).unwrap_or(&member)
            } else {
                &member
            };
            let path = route
                .replace("{id}", id)
                .replace("{username}", "member")
                .replace("{session_id}", &member);
            for ((name, client), expected) in PERSONAS.iter().zip(&personas).zip(expected) {
                let again =
                    if *expected == 204 && !route.contains("/sessions/") && !is_admins(route) {
                        Some(s.log_in(name, PASSWORD).await)
                    } else {
                        None
                    };
                let client = again.as_ref().unwrap_or(client);
                let body = body(method, route, name).map(|body| filled(&body, &made));
                let answer = call(client, method, &path, body).await;

                if answer.status != *expected {
                    wrong.push(format!(
                        "{method} {route} as {name}: {} instead of {expected}",
                        answer.status
                    ));
                }
                match answer.status {
                    401 => drop(answer.is_problem(401, "invalid_token")),
                    403 => drop(answer.is_problem(403, "forbidden")),
                    404 if *name == "deleted" => drop(answer.is_problem(404, "user_not_found")),
                    404 => drop(answer.is_problem(404, "not_found")),
                    _ => {}
                }
            }
        }

        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    })
    .await;
}

#[tokio::test]
async fn every_route_has_a_row_and_every_row_a_route() {
    service(|s| async move {
        let routes: BTreeSet<String> = App::routes(&s.ctx)
            .collect()
            .iter()
            .flat_map(|route| {
                route
                    .actions
                    .iter()
                    .map(|action| format!("{action} {}", route.uri))
            })
            .collect();

        let rows: BTreeSet<String> = ROWS
            .iter()
            .map(|(method, route, _)| format!("{method} {route}"))
            .collect();

        assert_eq!(rows, routes);
        assert_eq!(rows.len(), ROWS.len(), "a row is there twice");
    })
    .await;
}

#[tokio::test]
async fn the_document_says_the_same() {
    service(|s| async move {
        let document = s.anonymous().get("/openapi.json").await.body;

        for (method, route, expected) in ROWS.iter().filter(|row| !is_page(row.1)) {
            let paths = document["paths"].as_object().unwrap();
            let (_, item) = paths
                .iter()
                .find(|(path, _)| path.trim_end_matches('/') == *route)
                .unwrap_or_else(|| panic!("{route} is not in the document"));
            let operation = &item[method.to_lowercase()];

            for status in expected {
                let response = &operation["responses"][status.to_string()];
                assert!(response.is_object(), "{method} {route}: no {status}");
            }
            let is_closed = expected[0] == 401 || route.starts_with("/oauth/");
            assert_eq!(operation["security"].is_array(), is_closed, "{route}");
        }
    })
    .await;
}
