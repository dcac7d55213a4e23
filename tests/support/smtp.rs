//! A mail server: a real SMTP conversation (RFC 5321) on a port of this machine, that behaves as
//! badly as a test asks for.

use std::{
    collections::VecDeque,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use mail_parser::{HeaderForm, HeaderName, MessageParser};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufStream},
    net::{TcpListener, TcpSocket},
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;

use super::waiting::LONG;

/// What happens to a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    Accept,
    /// 450 at RCPT.
    Defer,
    /// 550 at RCPT.
    Refuse,
    /// 421 in place of a greeting.
    Unavailable,
    /// Not a word.
    Hang,
    /// Takes the mail and is gone before it says so.
    TakeAndVanish,
}

/// A mail that was taken.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Of the envelope, as are the receivers.
    pub from: String,
    pub to: Vec<String>,
    pub raw: String,
}

impl Taken {
    fn parsed<T>(&self, read: impl FnOnce(&mail_parser::Message<'_>) -> T) -> T {
        let parser = MessageParser::default();
        read(&parser.parse(&self.raw).expect("a message"))
    }

    /// In one line, with its encoded words decoded (RFC 2047).
    pub fn header(&self, name: &str) -> Option<String> {
        let name = HeaderName::parse(name.to_string()).expect("a header's name");
        self.parsed(|m| {
            let values = m.header_as(name, HeaderForm::Text);
            Some(values.first()?.as_text()?.to_string())
        })
    }

    pub fn message_id(&self) -> String {
        self.parsed(|m| m.message_id().expect("an id").to_string())
    }

    pub fn subject(&self) -> String {
        self.parsed(|m| m.subject().expect("a subject").to_string())
    }

    pub fn text(&self) -> String {
        self.parsed(|m| m.body_text(0).expect("a text part").into_owned())
    }

    pub fn html(&self) -> String {
        self.parsed(|m| m.body_html(0).expect("an HTML part").into_owned())
    }

    /// The link that stands in the text part.
    pub fn link(&self) -> String {
        let text = self.text();
        let mut words = text.split_whitespace();
        let link = words.find(|word| word.starts_with("http") && word.contains("token="));
        link.expect("a link").to_string()
    }

    pub fn token(&self) -> String {
        let link = self.link();
        link.split_once("token=").expect("a token").1.to_string()
    }
}

struct State {
    /// For the next connections; the last one stays.
    script: VecDeque<Behaviour>,
    taken: Vec<Taken>,
    connections: usize,
}

pub struct SmtpServer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    running: JoinHandle<()>,
}

impl SmtpServer {
    pub fn start() -> Self {
        Self::start_on(0, None)
    }

    /// On this port; with TLS from the first byte, if there is a certificate.
    #[expect(
        clippy::disallowed_methods,
        reason = "ended when the server is dropped"
    )]
    pub fn start_on(port: u16, tls: Option<TlsAcceptor>) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_reuseaddr(true).expect("a port that was used");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        socket.bind(address).expect("a free port");
        let listener = socket.listen(128).expect("a listener");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(Mutex::new(State {
            script: VecDeque::from([Behaviour::Accept]),
            taken: Vec::new(),
            connections: 0,
        }));
        let running = tokio::spawn(serve(listener, Arc::clone(&state), tls));
        Self {
            address,
            state,
            running,
        }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// One behaviour for each of the next connections; the last one stays.
    pub fn behave(&self, script: impl IntoIterator<Item = Behaviour>) {
        let script: VecDeque<_> = script.into_iter().collect();
        assert!(!script.is_empty(), "a behaviour that stays");
        self.state().script = script;
    }

    /// What was taken, in order.
    pub fn taken(&self) -> Vec<Taken> {
        self.state().taken.clone()
    }

    pub fn connections(&self) -> usize {
        self.state().connections
    }

    /// Wait until at least so many were taken.
    pub async fn wait_for(&self, n: usize) -> Vec<Taken> {
        let started = Instant::now();
        loop {
            let taken = self.taken();
            if taken.len() >= n {
                return taken;
            }
            assert!(
                started.elapsed() < LONG * 2,
                "not {n} mails in {} connections: {taken:#?}",
                self.connections()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Close the port and every connection. After a mere drop the port is not free at once.
    pub async fn stop(mut self) {
        self.running.abort();
        // It was cancelled.
        let _ = (&mut self.running).await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("the state")
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.running.abort();
    }
}

async fn serve(listener: TcpListener, state: Arc<Mutex<State>>, tls: Option<TlsAcceptor>) {
    // Dropped with the server, and every conversation with it.
    let mut conversations = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let behaviour = {
            let mut state = state.lock().expect("the state");
            state.connections += 1;
            match state.script.len() {
                1 => state.script[0],
                _ => state.script.pop_front().expect("a behaviour"),
            }
        };
        let (state, tls) = (Arc::clone(&state), tls.clone());
        conversations.spawn(async move {
            // A client may go at any time.
            let _ = match tls {
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => converse(stream, behaviour, &state).await,
                    Err(err) => Err(err),
                },
                None => converse(stream, behaviour, &state).await,
            };
        });
    }
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    behaviour: Behaviour,
    state: &Mutex<State>,
) -> std::io::Result<()> {
    let mut stream = BufStream::new(stream);
    if behaviour == Behaviour::Hang {
        tokio::time::sleep(Duration::from_secs(600)).await;
    }
    if behaviour == Behaviour::Unavailable {
        return say(&mut stream, "421 closing").await;
    }
    say(&mut stream, "220 test ESMTP").await?;
    let mut from = None;
    let mut to = Vec::new();
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let command = line.trim_end().to_string();
        let verb = command.split([' ', ':']).next().unwrap_or_default();
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => say(&mut stream, "250-test\r\n250 8BITMIME").await?,
            "HELO" | "NOOP" => say(&mut stream, "250 ok").await?,
            // A client may use its connection again: what it said of another mail is void.
            "RSET" => {
                from = None;
                to.clear();
                say(&mut stream, "250 ok").await?;
            }
            "MAIL" => {
                from = Some(address(&command));
                to.clear();
                say(&mut stream, "250 ok").await?;
            }
            "RCPT" | "DATA" if from.is_none() => say(&mut stream, "503 MAIL first").await?,
            "DATA" if to.is_empty() => say(&mut stream, "503 RCPT first").await?,
            "RCPT" => match behaviour {
                Behaviour::Defer => say(&mut stream, "450 4.2.1 try again later").await?,
                Behaviour::Refuse => say(&mut stream, "550 5.1.1 no such\tmailbox").await?,
                _ => {
                    to.push(address(&command));
                    say(&mut stream, "250 ok").await?;
                }
            },
            "DATA" => {
                say(&mut stream, "354 go on").await?;
                let raw = data(&mut stream).await?;
                let taken = Taken {
                    from: from.take().expect("a sender"),
                    to: std::mem::take(&mut to),
                    raw,
                };
                state.lock().expect("the state").taken.push(taken);
                if behaviour == Behaviour::TakeAndVanish {
                    return Ok(());
                }
                say(&mut stream, "250 taken").await?;
            }
            "QUIT" => return say(&mut stream, "221 bye").await,
            _ => say(&mut stream, "502 not here").await?,
        }
    }
}

/// Between the angle brackets.
fn address(command: &str) -> String {
    let address = command.split(['<', '>']).nth(1);
    address.unwrap_or_default().to_string()
}

/// Up to the lone dot, with the dots that were doubled (RFC 5321, section 4.5.2).
async fn data(
    stream: &mut (impl AsyncBufReadExt + AsyncReadExt + Unpin),
) -> std::io::Result<String> {
    let mut raw = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == ".\r\n" {
            return Ok(raw);
        }
        raw.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

async fn say(stream: &mut (impl AsyncWriteExt + Unpin), words: &str) -> std::io::Result<()> {
    stream.write_all(format!("{words}\r\n").as_bytes()).await?;
    stream.flush().await
}
