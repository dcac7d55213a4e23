//! A booted service with a database of its own, and the people who call it.

#![expect(
    clippy::disallowed_methods,
    reason = "a test waits for every task that it spawns"
)]

pub mod audit;
mod client;
mod edits;
mod mails;
pub mod nodes;
pub mod process;
mod rows;
pub mod server;
pub mod shapes;
pub mod smtp;
pub mod waiting;

use std::{
    future::Future,
    sync::{Arc, Mutex},
};

use axum::Router;
use loco_rs::{
    app::{AppContext, Hooks},
    boot::StartMode,
    config::Config,
    environment::Environment,
    testing::prelude::{BootResultWrapper, init_test_db_creation},
};
use rollcall::{
    app::App,
    models::{
        params::parse,
        users::{self, registration::Registrar},
    },
    runtime::Runtime,
};
use serde_json::json;

pub use client::{Answer, Client};

/// Good for every environment's policy.
pub const PASSWORD: &str = "correct horse battery";

/// A service under test.
#[derive(Clone)]
pub struct Service {
    pub router: Router,
    pub ctx: AppContext,
    pub rollcall: Runtime,
    /// Other processes on the same database, stopped at the end.
    nodes: Arc<Mutex<Vec<AppContext>>>,
}

/// Run a test against a service in the test environment.
pub async fn service<F, Fut>(test: F)
where
    F: FnOnce(Service) -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    service_with(|_| {}, test).await;
}

/// As [`service`], with another configuration.
pub async fn service_with<F, Fut>(change: impl FnOnce(&mut Config), test: F)
where
    F: FnOnce(Service) -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    let mut config = App::load_config(&Environment::Test)
        .await
        .expect("the test configuration");
    change(&mut config);
    let database = init_test_db_creation(&config.database.uri).expect("a test database");
    database.init_db().await;
    config.database.uri = database.get_connection_str().to_string();
    let boot = App::boot(StartMode::ServerOnly, &Environment::Test, config)
        .await
        .expect("a service");
    let boot = BootResultWrapper::new(boot, database);

    let ctx = boot.app_context.clone();
    let service = Service {
        router: boot.router.clone().expect("a router"),
        rollcall: Runtime::of(&ctx).expect("a runtime"),
        ctx: ctx.clone(),
        nodes: Arc::default(),
    };
    let nodes = Arc::clone(&service.nodes);
    let outcome = tokio::spawn(test(service)).await;
    let nodes = std::mem::take(&mut *nodes.lock().expect("the nodes"));
    for ctx in nodes.iter().chain([&ctx]) {
        nodes::stop(ctx).await;
    }
    // The listener ends in a task of its own, which must go on while the database is dropped.
    let dropped = tokio::task::spawn_blocking(move || drop(boot)).await;
    if let Err(failure) = outcome {
        std::panic::resume_unwind(failure.into_panic());
    }
    dropped.expect("the database to be dropped");
}

/// Run `n` futures at once, each on a task of its own.
pub async fn in_parallel<T, Fut>(n: usize, make: impl Fn(usize) -> Fut) -> Vec<T>
where
    T: Send + 'static,
    Fut: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<_> = (0..n).map(|i| tokio::spawn(make(i))).collect();
    let mut results = Vec::with_capacity(n);
    for task in tasks {
        results.push(task.await.expect("the task to end well"));
    }
    results
}

/// The outcome of two requests that are under way together, each on a task of its own.
pub async fn together<A: Send + 'static, B: Send + 'static>(
    one: impl Future<Output = A> + Send + 'static,
    other: impl Future<Output = B> + Send + 'static,
) -> (A, B) {
    let (one, other) = (tokio::spawn(one), tokio::spawn(other));
    (one.await.expect("one"), other.await.expect("the other"))
}

impl Service {
    /// Nobody: a client without a token.
    pub fn anonymous(&self) -> Client {
        Client::new(self.router.clone())
    }

    /// Somebody with the role `user`, logged in.
    pub async fn member(&self, username: &str) -> Client {
        self.registered(username, "user").await
    }

    /// Somebody with the role `admin`, logged in.
    pub async fn admin(&self, username: &str) -> Client {
        self.registered(username, "admin").await
    }

    async fn registered(&self, username: &str, role: &str) -> Client {
        let answer = self
            .anonymous()
            .post(
                "/auth/register",
                json!({
                    "username": username,
                    "email": format!("{username}@example.com"),
                    "password": PASSWORD,
                    "role": role,
                }),
            )
            .await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let mut client = self.log_in(username, PASSWORD).await;
        client.user = answer.body;
        client
    }

    /// A client that carries the token of this login.
    pub async fn log_in(&self, identifier: &str, password: &str) -> Client {
        let credentials = json!({"username": identifier, "password": password});
        let answer = self.anonymous().post("/auth/token", credentials).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        self.anonymous().with_tokens(&answer)
    }

    /// An attempt that has to fail.
    pub async fn log_in_fails(&self, identifier: &str, password: &str) -> Answer {
        let answer = self.anonymous().log_in(identifier, password).await;
        assert_eq!(answer.status, 401, "{answer:?}");
        answer
    }

    /// Somebody whose account was made at a shell.
    pub async fn operators(&self, username: &str) -> Client {
        let body = json!({
            "username": username,
            "email": format!("{username}@example.com"),
            "password": PASSWORD,
        });
        let params = parse(body, &self.rollcall.settings).expect("good parameters");
        let user = users::Model::register(self.means(), params, Registrar::Operator, None);
        let id = user.await.expect("an account").id;
        let mut client = self.log_in(username, PASSWORD).await;
        client.user = json!({"id": id});
        client
    }
}
