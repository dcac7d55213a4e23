//! Connections: how many there are, how long a head may take, and how they end.

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use loco_rs::boot::shutdown_signal;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tower::ServiceExt;

use crate::runtime::Runtime;

/// When there are no file descriptors left, so long is waited for some.
const OUT_OF_FILES: Duration = Duration::from_millis(100);

/// Serve until a signal to stop, and then until what is under way has ended or is cut.
pub async fn serve(app: Router, listener: TcpListener, rollcall: &Runtime) {
    let settings = &rollcall.settings.serving;
    let places = Arc::new(Semaphore::new(settings.max_connections));
    let open = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    // OWASP ASVS 5.0, V15.2.2: who sends its head byte by byte keeps no connection.
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(settings.header_timeout_ms));

    let mut stop = pin!(stopping(rollcall));
    loop {
        let next = async {
            let place = places.clone().acquire_owned().await;
            (place, accept(&listener).await)
        };
        let (place, (stream, address)) = tokio::select! {
            () = &mut stop => break,
            next = next => next,
        };
        let app = app.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(address));
            app.clone().oneshot(request.map(Body::new))
        });
        let connection = open.watch(http.serve_connection(TokioIo::new(stream), service));
        #[expect(clippy::disallowed_methods, reason = "watched, and ended below")]
        tokio::spawn(async move {
            // How a client leaves is its own affair.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    let open_still = open.count();
    tracing::info!(connections = open_still, "shutting down");
    let drain = Duration::from_millis(settings.drain_ms);
    if timeout(drain, open.shutdown()).await.is_err() {
        tracing::warn!("connections that did not end in time are cut");
    }
}

/// A signal, and then as long as load balancers need to hear of it. A second signal waits for nothing.
async fn stopping(rollcall: &Runtime) {
    shutdown_signal().await;
    tracing::info!("not ready any more: a signal to stop");
    rollcall.drain();
    #[expect(clippy::disallowed_methods, reason = "it ends the process")]
    tokio::spawn(async {
        shutdown_signal().await;
        std::process::exit(1);
    });
    sleep(Duration::from_millis(
        rollcall.settings.serving.ready_delay_ms,
    ))
    .await;
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(err) if is_of_the_client(&err) => {}
            Err(err) => {
                tracing::error!(error = %err, "a connection can't be taken");
                sleep(OUT_OF_FILES).await;
            }
        }
    }
}

/// It has gone before it was taken.
fn is_of_the_client(err: &io::Error) -> bool {
    matches!(
        err.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}
