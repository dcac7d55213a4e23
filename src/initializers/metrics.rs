//! `/metrics`, for Prometheus, on a listener of its own: it tells too much to be public.

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use loco_rs::{Error, Result};
use tokio::net::TcpListener;

use crate::runtime::Runtime;

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serve them where the settings say so, until the process stops.
///
/// # Errors
/// When that address can't be listened on.
pub async fn serve(rollcall: &Runtime) -> Result<()> {
    let settings = &rollcall.settings.metrics;
    if !settings.enable {
        return Ok(());
    }
    let address = (settings.binding.as_str(), settings.port);
    let listener = TcpListener::bind(address).await.map_err(|err| {
        Error::Message(format!(
            "settings.metrics (METRICS_BINDING, METRICS_PORT): {err}"
        ))
    })?;
    let app = Router::new()
        .route("/metrics", get(metrics))
        .with_state(rollcall.clone());
    let stopped = rollcall.stopped();
    rollcall.run_in_background(async move {
        let serving = axum::serve(listener, app);
        tokio::select! {
            _ = serving => {}
            () = stopped => {}
        }
    });
    Ok(())
}

async fn metrics(State(rollcall): State<Runtime>) -> Response {
    let reading = rollcall.reading().await;
    match rollcall.metrics.show(&reading) {
        Ok(text) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
