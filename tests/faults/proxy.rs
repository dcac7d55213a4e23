//! A network between a server and its database, that fails as a test asks for.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpSocket, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::{JoinHandle, JoinSet},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Pass,
    /// Nobody listens, and every connection is closed.
    Refuse,
    /// Not a byte goes on until it passes again: what a process that is stopped looks like.
    Hang,
    /// What is sent is gone, and so are the connections that there are, though nobody is told: what
    /// a machine that went away looks like.
    Lose,
}

#[derive(Clone, Copy, Debug)]
struct State {
    mode: Mode,
    /// Connections that are older than the last loss are mute.
    losses: usize,
}

pub struct Proxy {
    port: u16,
    state: watch::Sender<State>,
    running: JoinHandle<()>,
}

impl Proxy {
    /// In front of this address.
    pub fn start(target: String) -> Self {
        let (listener, port) = listen(0);
        let (sender, state) = watch::channel(State {
            mode: Mode::Pass,
            losses: 0,
        });
        Self {
            port,
            state: sender,
            running: tokio::spawn(serve(listener, port, target, state)),
        }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn set(&self, mode: Mode) {
        self.state.send_modify(|state| {
            state.mode = mode;
            state.losses += usize::from(mode == Mode::Lose);
        });
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.running.abort();
    }
}

fn listen(port: u16) -> (TcpListener, u16) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("a port that was used");
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    socket.bind(address).expect("a free port");
    let listener = socket.listen(256).expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    (listener, port)
}

async fn serve(
    mut listener: TcpListener,
    port: u16,
    target: String,
    mut state: watch::Receiver<State>,
) {
    // Dropped with the proxy, and every connection with it.
    let mut connections = JoinSet::new();
    loop {
        if state.borrow_and_update().mode == Mode::Refuse {
            drop(listener);
            connections.shutdown().await;
            if state
                .wait_for(|state| state.mode != Mode::Refuse)
                .await
                .is_err()
            {
                return;
            }
            (listener, _) = listen(port);
        }
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted.expect("a connection");
                connections.spawn(carry(stream, target.clone(), state.clone()));
            }
            changed = state.changed() => if changed.is_err() { return },
        }
    }
}

async fn carry(stream: TcpStream, target: String, mut state: watch::Receiver<State>) {
    let born = {
        let now = *state.borrow();
        // Made in a loss it never comes to life.
        (now.mode != Mode::Lose).then_some(now.losses)
    };
    passes(&mut state, born).await;
    let Ok(server) = TcpStream::connect(target).await else {
        return;
    };
    let (from_client, to_client) = stream.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = pump(from_client, to_server, state.clone(), born) => {}
        () = pump(from_server, to_client, state, born) => {}
    }
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut state: watch::Receiver<State>,
    born: Option<usize>,
) {
    let mut bytes = [0; 8192];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        passes(&mut state, born).await;
        if to.write_all(&bytes[..read]).await.is_err() {
            break;
        }
    }
    // An end is not told either.
    passes(&mut state, born).await;
}

/// Wait until something gets through, which may be never.
async fn passes(state: &mut watch::Receiver<State>, born: Option<usize>) {
    let through = |state: &State| state.mode == Mode::Pass && born == Some(state.losses);
    if state.wait_for(through).await.is_err() {
        std::future::pending::<()>().await;
    }
}
