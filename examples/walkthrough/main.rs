//! A client's walk through the contract, against a server that is running:
//!
//! ```text
//! cargo run --example walkthrough [http://localhost:5150]
//! ```
//!
//! Each run has names of its own and deletes its accounts at the end.

mod client;

use std::process::ExitCode;

use client::{PASSWORD, Person, Result, Server, Tokens};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

const DEFAULT_BASE: &str = "http://localhost:5150";

const NEW_PASSWORD: &str = "a walk along the river";

#[tokio::main]
async fn main() -> ExitCode {
    let base = std::env::args().nth(1);
    let base = base.as_deref().unwrap_or(DEFAULT_BASE);
    match walk(base).await {
        Ok(()) => {
            println!("\nEverything is as the contract says.");
            ExitCode::SUCCESS
        }
        Err(stumble) => {
            eprintln!("\n{stumble}");
            ExitCode::FAILURE
        }
    }
}

async fn walk(base: &str) -> Result<()> {
    let server = Server::new(base)?;
    server.get("/_readiness").answers(200).await?;

    let grace = Person::new("grace", "admin");
    let ada = Person::new("ada", "user");
    registration(&server, &grace, &ada).await?;
    let tokens = login(&server, &grace).await?;
    let tokens = profile(&server, &grace, &tokens).await?;
    roles(&server, &grace, &ada, &tokens.access).await?;
    renewal(&server, &ada).await?;
    sessions(&server, &ada).await?;
    logout(&server, &ada).await?;
    let password = if server.shows_mails().await? {
        verification(&server, &ada).await?;
        forgotten_password(&server, &ada).await?;
        change_of_address(&server, &ada).await?;
        invitation(&server, &tokens.access).await?;
        NEW_PASSWORD
    } else {
        println!("This server does not show its mails: what goes by mail is left out.");
        PASSWORD
    };
    let user = server.log_in(&ada, password).await?.access;
    deletion(&server, &grace, &user, &tokens.access).await
}

/// `POST /auth/register`: the account, and each way to be refused one.
async fn registration(server: &Server, grace: &Person, ada: &Person) -> Result<()> {
    let register = || server.post("/auth/register");

    let user = register().json(&grace.registration()).answers(201).await?;
    user.field("/username", &json!(grace.username))?;
    user.field("/role", &json!("admin"))?;
    user.field("/is_active", &json!(true))?;
    user.field("/updated_at", &Value::Null)?;
    user.field("/deleted_at", &Value::Null)?;
    user.time("/created_at")?;
    register().json(&ada.registration()).answers(201).await?;

    let mut shouting = Person::new("shouting", "user").registration();
    shouting["username"] = json!(grace.username.to_uppercase());
    let taken = register().json(&shouting);
    let taken = taken.refuses(409, "already_taken").await?;
    taken.field("/errors/0/pointer", &json!("/username"))?;

    let faulty = register().json(&json!({"username": "+1", "email": "@", "shoe_size": 39}));
    let faulty = faulty.refuses(422, "validation_failed").await?;
    for (i, pointer) in ["/email", "/password", "/shoe_size", "/username"]
        .iter()
        .enumerate()
    {
        faulty.field(&format!("/errors/{i}/pointer"), &json!(pointer))?;
    }

    register()
        .raw("application/json", "{")
        .refuses(400, "malformed_json")
        .await?;
    register()
        .raw("text/plain", "grace")
        .refuses(415, "unsupported_media_type")
        .await?;
    Ok(())
}

/// `POST /auth/token`: as a form and as JSON, by username, email and phone number.
async fn login(server: &Server, grace: &Person) -> Result<Tokens> {
    for identifier in [&grace.username, &grace.email, &grace.phone_number] {
        let credentials = json!({"username": identifier, "password": PASSWORD});
        let login = server.post("/auth/token").json(&credentials);
        login.answers(200).await?;
    }

    // Somebody and nobody: the same answer.
    let nobody = Person::new("nobody", "user");
    let mut refusals = Vec::new();
    for person in [grace, &nobody] {
        let credentials = json!({"username": person.username, "password": "not the password"});
        let login = server.post("/auth/token").json(&credentials);
        refusals.push(login.refuses(401, "invalid_credentials").await?);
    }
    let unknown = refusals[1].at("/detail");
    refusals[0].field("/detail", unknown)?;

    server.log_in(grace, PASSWORD).await
}

/// `GET` and `PATCH /v1/api/users/`: the caller's own account.
async fn profile(server: &Server, grace: &Person, tokens: &Tokens) -> Result<Tokens> {
    let token = &tokens.access;
    for path in ["/v1/api/users/", "/v1/api/users"] {
        let user = server.get(path).bearer(token).answers(200).await?;
        user.field("/username", &json!(grace.username))?;
    }
    let anonymous = server.get("/v1/api/users/");
    anonymous.refuses(401, "invalid_token").await?;

    let changes = json!({"first_name": "Updated", "password": NEW_PASSWORD});
    let patch = server.patch("/v1/api/users/").bearer(token).json(&changes);
    let user = patch.answers(202).await?;
    user.field("/first_name", &json!("Updated"))?;
    let tokens = server.log_in(grace, NEW_PASSWORD).await?;
    let token = &tokens.access;

    let promotion = json!({"role": "admin"});
    let patch = server.patch("/v1/api/users/").bearer(token);
    let patch = patch.json(&promotion);
    let refusal = patch.refuses(422, "validation_failed").await?;
    refusal.field("/errors/0/code", &json!("read_only"))?;

    let put = server.call(Method::PUT, "/v1/api/users/").bearer(token);
    let refusal = put.refuses(405, "method_not_allowed").await?;
    refusal.has_header("allow")?;
    Ok(tokens)
}

/// What an administrator may see, and a user may not.
async fn roles(server: &Server, grace: &Person, ada: &Person, admin: &str) -> Result<()> {
    let user = server.log_in(ada, PASSWORD).await?.access;
    let admin_only = || server.get("/v1/api/users/admin-only");
    let answer = admin_only().bearer(admin).answers(200).await?;
    answer.field("/message", &json!("Admin access granted"))?;
    let stranger = admin_only().bearer(&user);
    stranger.refuses(403, "forbidden").await?;

    let by_name = |person: &Person| {
        let name = person.username.to_uppercase();
        server.get(&format!("/v1/api/users/by-username/{name}"))
    };
    let found = by_name(ada).bearer(admin).answers(200).await?;
    let ada_id = found.text("/id")?;
    let found = by_name(grace).bearer(admin).answers(200).await?;
    let grace_id = found.text("/id")?;

    let by_id = |id: &str| server.get(&format!("/v1/api/users/{id}"));
    by_id(&ada_id).bearer(admin).answers(200).await?;
    by_id(&ada_id).bearer(&user).answers(200).await?;
    // Somebody else's account and no account at all: the same answer.
    for id in [grace_id, Uuid::nil().to_string()] {
        by_id(&id).bearer(&user).refuses(404, "not_found").await?;
    }
    let stranger = by_name(grace).bearer(&user);
    stranger.refuses(404, "not_found").await?;
    Ok(())
}

/// `grant_type=refresh_token`: each refresh token is used once.
async fn renewal(server: &Server, ada: &Person) -> Result<()> {
    let renew = |token: &str| server.renewal(token);

    let first = server.log_in(ada, PASSWORD).await?;
    let second = renew(&first.refresh).answers(200).await?.tokens()?;
    if second.refresh == first.refresh {
        return Err("the refresh token was not replaced".to_string());
    }
    is_open(server, &second).await?;

    // The answer got lost and the client asks again, within ten seconds: the same successor.
    let again = renew(&first.refresh).answers(200).await?;
    again.field("/refresh_token", &json!(second.refresh))?;

    // Used once its successor was: there are two who have it, so nobody keeps the session.
    let third = renew(&second.refresh).answers(200).await?.tokens()?;
    let reused = renew(&first.refresh);
    reused.refuses(401, "invalid_refresh_token").await?;
    is_ended(server, &third).await
}

/// `/v1/api/users/sessions`: where the caller is logged in.
async fn sessions(server: &Server, ada: &Person) -> Result<()> {
    let other = server.log_in(ada, PASSWORD).await?;
    let here = server.log_in(ada, PASSWORD).await?;
    let call = |call: client::Call| call.bearer(&here.access);

    let list = call(server.get("/v1/api/users/sessions"));
    let list = list.answers(200).await?;
    // The latest first.
    list.field("/0/current", &json!(true))?;
    list.field("/1/current", &json!(false))?;
    list.field("/1/authentication_method", &json!("password"))?;
    list.time("/1/last_seen_at")?;

    let path = format!("/v1/api/users/sessions/{}", list.text("/1/id")?);
    call(server.delete(&path)).answers(204).await?;
    is_ended(server, &other).await?;
    is_open(server, &here).await?;
    let again = call(server.delete(&path));
    again.refuses(404, "not_found").await?;
    Ok(())
}

/// `POST /auth/logout` and `/auth/logout-all`: the very next request with an old token is refused.
async fn logout(server: &Server, ada: &Person) -> Result<()> {
    let here = server.log_in(ada, PASSWORD).await?;
    let there = server.log_in(ada, PASSWORD).await?;
    let logout = server.post("/auth/logout").bearer(&here.access);
    logout.answers(204).await?;
    is_ended(server, &here).await?;
    is_open(server, &there).await?;

    let here = server.log_in(ada, PASSWORD).await?;
    let logout = server.post("/auth/logout-all").bearer(&here.access);
    logout.answers(204).await?;
    is_ended(server, &here).await?;
    is_ended(server, &there).await
}

async fn is_open(server: &Server, session: &Tokens) -> Result<()> {
    let user = server.get("/v1/api/users/").bearer(&session.access);
    user.answers(200).await?;
    Ok(())
}

/// Neither of its tokens is worth anything.
async fn is_ended(server: &Server, session: &Tokens) -> Result<()> {
    let user = server.get("/v1/api/users/").bearer(&session.access);
    user.refuses(401, "invalid_token").await?;
    let renewal = server.renewal(&session.refresh);
    renewal.refuses(401, "invalid_refresh_token").await?;
    Ok(())
}

/// `POST /auth/verify-email`: with the token of the mail that the registration sent, once.
async fn verification(server: &Server, ada: &Person) -> Result<()> {
    let token = server.link_token(&ada.email, "verify-email").await?;
    let verify = || server.post("/auth/verify-email");
    verify().json(&json!({"token": token})).answers(204).await?;
    let again = verify().json(&json!({"token": token}));
    let refusal = again.refuses(422, "validation_failed").await?;
    refusal.field("/errors/0/code", &json!("invalid_or_expired"))
}

/// `/auth/password/forgot` and `/reset`: all sessions end. `/auth/magic-link`: a new one.
async fn forgotten_password(server: &Server, ada: &Person) -> Result<()> {
    let old = server.log_in(ada, PASSWORD).await?;
    let address = json!({"email": ada.email});
    let forgot = server.post("/auth/password/forgot").json(&address);
    forgot.answers(202).await?;

    let token = server.link_token(&ada.email, "reset-password").await?;
    let reset = |password: &str| {
        let body = json!({"token": token, "password": password});
        server.post("/auth/password/reset").json(&body)
    };
    // Refused, and the token is still good.
    reset("short").refuses(422, "validation_failed").await?;
    reset(NEW_PASSWORD).answers(204).await?;
    is_ended(server, &old).await?;

    let link = server.post("/auth/magic-link").json(&address);
    link.answers(202).await?;
    let token = server.link_token(&ada.email, "magic-link").await?;
    let session = server.post("/auth/magic-link/session");
    let session = session.json(&json!({"token": token})).answers(200).await?;
    is_open(server, &session.tokens()?).await
}

/// `PATCH /v1/api/users/` with an email, and `POST /auth/change-email`: the old one stays until then.
async fn change_of_address(server: &Server, ada: &Person) -> Result<()> {
    let token = server.log_in(ada, NEW_PASSWORD).await?.access;
    let new_email = Person::new("countess", "user").email;
    let patch = server.patch("/v1/api/users/").bearer(&token);
    let user = patch
        .json(&json!({"email": new_email}))
        .answers(202)
        .await?;
    user.field("/email", &json!(ada.email))?;

    let confirmation = server.link_token(&new_email, "change-email").await?;
    let change = server.post("/auth/change-email");
    let change = change.json(&json!({"token": confirmation}));
    change.answers(204).await?;
    let user = server.get("/v1/api/users/").bearer(&token);
    let user = user.answers(200).await?;
    user.field("/email", &json!(new_email))
}

/// `/v1/api/admin/invitations` and `/auth/invitation/accept`: who is invited chooses the password.
async fn invitation(server: &Server, admin: &str) -> Result<()> {
    let konrad = Person::new("konrad", "user");
    let body = json!({"username": konrad.username, "email": konrad.email});
    let invite = server.post("/v1/api/admin/invitations").json(&body);
    invite.bearer(admin).answers(201).await?;

    let token = server.link_token(&konrad.email, "invitation").await?;
    let accept = server.post("/auth/invitation/accept");
    let accept = accept.json(&json!({"token": token, "password": PASSWORD}));
    accept.answers(204).await?;
    let tokens = server.log_in(&konrad, PASSWORD).await?;
    let delete = server.delete("/v1/api/users/").bearer(&tokens.access);
    delete.answers(204).await?;
    Ok(())
}

/// `DELETE /v1/api/users/`: gone at once, also for a token that has not expired.
async fn deletion(server: &Server, grace: &Person, user: &str, admin: &str) -> Result<()> {
    for token in [user, admin] {
        let delete = server.delete("/v1/api/users/");
        delete.bearer(token).answers(204).await?;
    }
    let ghost = server.get("/v1/api/users/").bearer(user);
    let refusal = ghost.refuses(404, "user_not_found").await?;
    refusal.field("/detail", &json!("User not found"))?;
    let credentials = json!({"username": grace.username, "password": NEW_PASSWORD});
    let login = server.post("/auth/token").json(&credentials);
    login.refuses(401, "invalid_credentials").await?;
    Ok(())
}
