//! What sends requests: a process of its own, one thread, hyper's client. It is told what to do on standard
//! input and answers on standard output, both in JSON.

use std::{
    cell::RefCell,
    io::Read,
    rc::Rc,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request,
    body::Bytes,
    client::conn::http1::{SendRequest, handshake},
};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use tokio::{net::TcpStream, runtime::Builder, task::LocalSet, time::sleep_until};

use crate::Result;

/// What one connection sends, again and again, and how an answer must look.
#[derive(Clone, Deserialize, Serialize)]
pub enum Kind {
    /// Nobody is asked for.
    Ping,
    /// Access tokens, each with the answer that was verified before.
    CurrentUser(Vec<(String, String)>),
    Patch(Vec<String>),
    /// Usernames.
    LogIn(Vec<String>),
    /// Refresh tokens, one for each connection.
    Renew(Vec<String>),
    Introspect(Vec<String>),
    /// A prefix that no other run has.
    Register(String),
}

#[derive(Clone, Deserialize, Serialize)]
pub struct Order {
    pub port: u16,
    pub kind: Kind,
    pub connections: usize,
    /// Requests a second, whatever the answers take; without it each connection asks again at once.
    pub rate: Option<f64>,
    pub seconds: f64,
}

#[derive(Clone, Deserialize, Serialize)]
pub struct Measured {
    pub requests: u64,
    pub errors: u64,
    pub first_error: Option<String>,
    pub per_second: f64,
    /// Milliseconds, from when a request was due.
    pub p50: f64,
    pub p99: f64,
    pub p999: f64,
}

/// The password of all accounts here.
pub const PASSWORD: &str = "a walk along the quay at dusk";

pub const CLIENT: (&str, &str) = ("bench", "the resource server of the benchmark");

pub fn main() -> Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let order: Order = serde_json::from_str(&text)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let measured = LocalSet::new().block_on(&runtime, run(order))?;
    println!("{}", serde_json::to_string(&measured)?);
    Ok(())
}

struct Tally {
    latencies: Histogram<u64>,
    errors: u64,
    first_error: Option<String>,
}

async fn run(order: Order) -> Result<Measured> {
    let tally = Rc::new(RefCell::new(Tally {
        latencies: Histogram::new_with_bounds(1, 120_000_000, 3)?,
        errors: 0,
        first_error: None,
    }));
    let mut senders = Vec::new();
    for _ in 0..order.connections {
        senders.push(connect(order.port).await?);
    }
    let start = Instant::now();
    let end = start + Duration::from_secs_f64(order.seconds);
    let all: Vec<_> = senders
        .into_iter()
        .enumerate()
        .map(|(connection, sender)| {
            let asked = ask(
                order.clone(),
                connection,
                sender,
                (start, end),
                tally.clone(),
            );
            tokio::task::spawn_local(asked)
        })
        .collect();
    for one in all {
        one.await??;
    }
    let took = start.elapsed().as_secs_f64();
    let tally = tally.borrow();
    let at = |quantile| {
        let micros = u32::try_from(tally.latencies.value_at_quantile(quantile));
        f64::from(micros.unwrap_or(u32::MAX)) / 1000.0
    };
    let requests = tally.latencies.len();
    Ok(Measured {
        requests,
        errors: tally.errors,
        first_error: tally.first_error.clone(),
        per_second: f64::from(u32::try_from(requests)?) / took,
        p50: at(0.5),
        p99: at(0.99),
        p999: at(0.999),
    })
}

type Sender = SendRequest<Full<Bytes>>;

pub async fn connect(port: u16) -> Result<Sender> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::task::spawn_local(connection);
    Ok(sender)
}

async fn ask(
    order: Order,
    connection: usize,
    mut sender: Sender,
    (start, end): (Instant, Instant),
    tally: Rc<RefCell<Tally>>,
) -> Result<()> {
    let mut kind = order.kind;
    for nth in 0.. {
        let due = match order.rate {
            None => Instant::now(),
            Some(rate) => {
                let place = f64::from(u32::try_from(connection + nth * order.connections)?);
                let due = start + Duration::from_secs_f64(place / rate);
                sleep_until(due.into()).await;
                due
            }
        };
        if due >= end {
            break;
        }
        if sender.is_closed() {
            sender = connect(order.port).await?;
        }
        let answer = send(&mut sender, kind.request(connection, nth)?).await;
        let verdict = match answer {
            Ok((status, body)) => kind.accept(connection, nth, status, &body),
            Err(err) => Err(err.to_string()),
        };
        let took = u64::try_from(due.elapsed().as_micros())?;
        let mut tally = tally.borrow_mut();
        tally.latencies.saturating_record(took.max(1));
        if let Err(what) = verdict {
            tally.errors += 1;
            tally.first_error.get_or_insert(what);
        }
    }
    Ok(())
}

pub async fn send(sender: &mut Sender, request: Request<Full<Bytes>>) -> Result<(u16, Bytes)> {
    let answer = sender.send_request(request).await?;
    let status = answer.status().as_u16();
    Ok((status, answer.into_body().collect().await?.to_bytes()))
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

impl Kind {
    pub fn request(&self, connection: usize, nth: usize) -> Result<Request<Full<Bytes>>> {
        let place = connection + nth;
        let bearer = |token: &str| format!("Bearer {token}");
        let (method, path, authorization, kind, body) = match self {
            Self::Ping => ("GET", "/_ping", None, None, String::new()),
            Self::CurrentUser(tokens) => {
                let (token, _) = of(tokens, place);
                (
                    "GET",
                    "/v1/api/users",
                    Some(bearer(token)),
                    None,
                    String::new(),
                )
            }
            Self::Patch(tokens) => {
                let token = of(tokens, place);
                let body = format!(r#"{{"first_name":"{}"}}"#, name(connection, nth));
                (
                    "PATCH",
                    "/v1/api/users",
                    Some(bearer(token)),
                    Some(JSON),
                    body,
                )
            }
            Self::LogIn(usernames) => {
                let username = of(usernames, place);
                let password = PASSWORD.replace(' ', "+");
                let body = format!("grant_type=password&username={username}&password={password}");
                ("POST", "/auth/token", None, Some(FORM), body)
            }
            Self::Renew(tokens) => {
                let token = of(tokens, connection);
                let body = format!("grant_type=refresh_token&refresh_token={token}");
                ("POST", "/auth/token", None, Some(FORM), body)
            }
            Self::Introspect(tokens) => {
                let token = of(tokens, place);
                let (id, secret) = CLIENT;
                let secret = secret.replace(' ', "+");
                let body = format!("token={token}&client_id={id}&client_secret={secret}");
                ("POST", "/oauth/introspect", None, Some(FORM), body)
            }
            Self::Register(prefix) => {
                let name = format!("{prefix}-{connection}-{nth}");
                let body = format!(
                    r#"{{"username":"{name}","email":"{name}@example.com","password":"{PASSWORD}"}}"#
                );
                ("POST", "/auth/register", None, Some(JSON), body)
            }
        };
        let mut request = Request::builder().method(method).uri(path);
        request = request.header("host", "localhost");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        Ok(request.body(Full::new(body.into()))?)
    }

    /// Is this what the request asked for? Otherwise what came.
    pub fn accept(
        &mut self,
        connection: usize,
        nth: usize,
        status: u16,
        body: &Bytes,
    ) -> Result<(), String> {
        let text = std::str::from_utf8(body).unwrap_or_default();
        let is_right = match self {
            Self::Ping => status == 200,
            Self::CurrentUser(tokens) => status == 200 && *text == of(tokens, connection + nth).1,
            Self::Patch(_) => status == 202 && text.contains(&name(connection, nth)),
            Self::LogIn(_) => status == 200 && text.contains(r#""access_token":"ey"#),
            Self::Renew(tokens) => {
                let next = text.split_once(r#""refresh_token":""#);
                let next = next.and_then(|(_, rest)| rest.split('"').next());
                let count = tokens.len();
                if let Some(next) = next {
                    tokens[connection % count] = next.to_string();
                }
                status == 200 && next.is_some()
            }
            Self::Introspect(_) => status == 200 && text.contains(r#""active":true"#),
            Self::Register(prefix) => status == 201 && text.contains(&**prefix),
        };
        if is_right {
            Ok(())
        } else {
            Err(format!("{status} {text}"))
        }
    }
}

fn of<T>(all: &[T], place: usize) -> &T {
    &all[place % all.len()]
}

/// Another one than the one before.
fn name(connection: usize, nth: usize) -> String {
    format!("Ada {connection} {nth}")
}
