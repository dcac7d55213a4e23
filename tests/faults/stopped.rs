//! SIGTERM while much is going on: who is stuck is cut, and what was promised is kept.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use tokio::{io::AsyncWriteExt, net::TcpStream, time::sleep};

use crate::{
    caller::Caller,
    runs::{UNLIMITED, alone, loops, say},
    support::{
        server::Ground,
        smtp::{Behaviour, SmtpServer},
    },
};

const CALLERS: usize = 6;
/// Thirty seconds are promised. With this deadline for what is under way it is far less.
const DRAIN: &str = "2000";
const ENDS_WITHIN: Duration = Duration::from_secs(12);

/// A head without its body, and then not a word more.
async fn stuck(port: u16) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port))
        .await
        .expect("a connection");
    let head = "POST /auth/register HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                Content-Length: 100\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.expect("to write");
    stream
}

#[tokio::test]
async fn told_to_stop_under_load_it_ends_well_and_every_mail_that_is_owed_arrives() {
    let _alone = alone().await;
    for round in 0..loops(1) {
        let ground = Ground::new().await;
        let smtp = SmtpServer::start();
        let port = smtp.port().to_string();
        let mailer = [
            ("MAILER_HOST", "127.0.0.1"),
            ("MAILER_PORT", port.as_str()),
            ("MAILER_TIMEOUT", "1"),
            ("DRAIN_TIMEOUT", DRAIN),
        ];
        let variables = [&mailer[..], &UNLIMITED].concat();
        smtp.behave([Behaviour::Accept, Behaviour::Hang]);
        let mut server = ground.start(&[], &variables).await;
        let caller = Caller::of(&server);
        let callers: Vec<_> = (0..CALLERS)
            .map(|n| {
                let caller = caller.clone();
                tokio::spawn(async move {
                    let mut acknowledged = BTreeSet::new();
                    for k in 0.. {
                        let name = format!("user-{n}-{k}");
                        // Refused, or nobody there any more: the end.
                        match caller.register(&name).await {
                            Some(answer) if answer.status == 201 => acknowledged.insert(name),
                            Some(answer) => {
                                assert_eq!(answer.status, 503, "{answer:?}");
                                continue;
                            }
                            None => break,
                        };
                    }
                    acknowledged
                })
            })
            .collect();
        let stuck = stuck(server.port()).await;
        sleep(Duration::from_millis(700)).await;
        let told = Instant::now();
        server.signal("TERM");
        assert_eq!(server.end_within(ENDS_WITHIN).await, Some(0));
        let ended = told.elapsed();
        drop(stuck);
        let mut acknowledged = BTreeSet::new();
        for caller in callers {
            acknowledged.append(&mut caller.await.expect("a caller"));
        }
        assert!(acknowledged.len() > CALLERS, "{}", acknowledged.len());
        let before = smtp.taken().len();
        assert!(before < acknowledged.len(), "no mail was left to send");

        smtp.behave([Behaviour::Accept]);
        let started = Instant::now();
        let _server = ground.start(&[], &variables).await;
        while arrived(&smtp).len() < acknowledged.len() {
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "{} of {} mails",
                arrived(&smtp).len(),
                acknowledged.len()
            );
            sleep(Duration::from_millis(50)).await;
        }
        let missing: Vec<_> = acknowledged.difference(&arrived(&smtp)).cloned().collect();
        assert!(missing.is_empty(), "{missing:?}");
        say(&format!(
            "stopped: round {round}, ended {ended:?} after SIGTERM with {} registrations acknowledged, \
             {before} mails sent before; the others {:?} after the next start",
            acknowledged.len(),
            started.elapsed()
        ));
    }
}

/// Whose mail there is.
fn arrived(smtp: &SmtpServer) -> BTreeSet<String> {
    let taken = smtp.taken();
    let names = taken
        .iter()
        .map(|mail| mail.to[0].split('@').next().map(ToString::to_string));
    names.flatten().collect()
}
