//! The mail server of these tests does what its clients' tests rely on.

use std::time::Duration;

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::MultiPart,
    transport::smtp::{Error, response::Response},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream},
    net::TcpStream,
};

use crate::support::smtp::{Behaviour, SmtpServer};

const TEXT: &str = "Bonjour Zoë,\n.a line that begins with a dot\n\
    https://example.com/help\nhttps://example.com/verify?token=abc-_1\n.\nbye\n";
const HTML: &str = "<p>Zoë: <a href=\"https://example.com/verify?token=abc-_1\">verify</a></p>";

async fn send(server: &SmtpServer, to: &[&str]) -> Result<Response, Error> {
    let mut message = Message::builder()
        .from("Rollcall <no-reply@example.com>".parse().expect("a sender"))
        .message_id(Some("<1@example.com>".into()))
        .subject("Vérifiez votre adresse, puis connectez-vous à Rollcall pour continuer");
    for to in to {
        message = message.to(to.parse().expect("an address"));
    }
    let message = message
        .multipart(MultiPart::alternative_plain_html(
            TEXT.to_string(),
            HTML.to_string(),
        ))
        .expect("a message");
    AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
        .port(server.port())
        .build()
        .send(message)
        .await
}

async fn send_one(server: &SmtpServer) -> Result<Response, Error> {
    send(server, &["ada@example.com"]).await
}

/// Say these lines one after another; the code of the greeting and of each answer.
async fn say(server: &SmtpServer, lines: &[&str]) -> Vec<String> {
    let stream = TcpStream::connect(("127.0.0.1", server.port())).await;
    let mut stream = BufStream::new(stream.expect("a connection"));
    let mut codes = vec![answer(&mut stream).await];
    for line in lines {
        let line = format!("{line}\r\n");
        stream.write_all(line.as_bytes()).await.expect("to write");
        stream.flush().await.expect("to write");
        codes.push(answer(&mut stream).await);
    }
    codes
}

async fn answer(stream: &mut BufStream<TcpStream>) -> String {
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.expect("an answer");
        if line.as_bytes().get(3) != Some(&b'-') {
            return line.chars().take(3).collect();
        }
    }
}

#[tokio::test]
async fn a_mail_is_taken_as_it_was_sent() {
    let server = SmtpServer::start();

    let both = ["ada@example.com", "bob@example.com"];
    send(&server, &both).await.expect("to be taken");

    let mail = server.wait_for(1).await.remove(0);
    assert_eq!(mail.from, "no-reply@example.com");
    assert_eq!(mail.to, both);
    assert_eq!(mail.message_id(), "1@example.com");
    let subject = "Vérifiez votre adresse, puis connectez-vous à Rollcall pour continuer";
    assert_eq!(mail.subject(), subject);
    assert_eq!(mail.header("subject").as_deref(), Some(subject));
    let from = mail.header("From");
    assert_eq!(from.as_deref(), Some("Rollcall <no-reply@example.com>"));
    assert_eq!(mail.header("Reply-To"), None);
    assert_eq!(
        mail.text().replace("\r\n", "\n").trim_end(),
        TEXT.trim_end()
    );
    assert_eq!(mail.html().trim_end(), HTML);
    assert_eq!(mail.link(), "https://example.com/verify?token=abc-_1");
    assert_eq!(mail.token(), "abc-_1");
}

#[tokio::test]
async fn each_connection_meets_the_behaviour_that_was_asked_for_it() {
    let server = SmtpServer::start();
    server.behave([
        Behaviour::Defer,
        Behaviour::Refuse,
        Behaviour::Unavailable,
        Behaviour::Hang,
        Behaviour::TakeAndVanish,
        Behaviour::Accept,
    ]);

    let deferred = send_one(&server).await.expect_err("450");
    assert!(deferred.is_transient(), "{deferred:?}");
    let refused = send_one(&server).await.expect_err("550");
    assert!(refused.is_permanent(), "{refused:?}");
    let unavailable = send_one(&server).await.expect_err("421");
    assert!(unavailable.is_transient(), "{unavailable:?}");
    // The client's own time limit ends when it is connected.
    let silent = tokio::time::timeout(Duration::from_secs(1), send_one(&server)).await;
    assert!(silent.is_err(), "{silent:?}");
    assert!(server.taken().is_empty());
    let unknown = send_one(&server).await.expect_err("no answer");
    assert!(unknown.status().is_none(), "{unknown:?}");
    assert_eq!(server.taken().len(), 1);
    for _ in 0..2 {
        send_one(&server).await.expect("the last one stays");
    }
    assert_eq!((server.taken().len(), server.connections()), (3, 7));
}

#[tokio::test]
async fn a_mail_is_for_nobody_who_was_named_before_it() {
    let server = SmtpServer::start();
    let begin = ["MAIL FROM:<a@example.com>", "RCPT TO:<old@example.com>"];
    let rest = ["RCPT TO:<new@example.com>", "DATA", "hello\r\n.", "QUIT"];

    for again in [
        &["RSET", "MAIL FROM:<b@example.com>"][..],
        &["MAIL FROM:<b@example.com>"][..],
    ] {
        let codes = say(
            &server,
            &[&["EHLO me"], &begin[..], again, &rest[..]].concat(),
        )
        .await;
        assert_eq!(codes[codes.len() - 4..], ["250", "354", "250", "221"]);
        let mail = server.taken().pop().expect("a mail");
        assert_eq!(mail.from, "b@example.com");
        assert_eq!(mail.to, ["new@example.com"]);
    }

    let lines = [
        "HELO me",
        "NOOP",
        "AUTH PLAIN",
        "DATA",
        begin[1],
        begin[0],
        "DATA",
    ];
    let codes = say(&server, &lines).await;
    assert_eq!(codes.join(" "), "220 250 250 502 503 503 250 503");
    assert_eq!(server.taken().len(), 2);
}

#[tokio::test]
async fn a_server_that_stops_is_gone_and_can_come_back_at_once() {
    let server = SmtpServer::start();
    let address = ("127.0.0.1", server.port());
    let mut open = TcpStream::connect(address).await.expect("a connection");
    send_one(&server).await.expect("to be taken");

    server.stop().await;
    // Nothing is awaited in between, in which the port could become free.
    let server = SmtpServer::start_on(address.1, None);

    let mut rest = Vec::new();
    let end = tokio::time::timeout(Duration::from_secs(5), open.read_to_end(&mut rest));
    // A reset is an end too.
    let _ = end.await.expect("an end");
    send_one(&server).await.expect("to be taken");
    assert_eq!(server.taken().len(), 1, "it begins anew");

    server.stop().await;
    let refused = TcpStream::connect(address).await;
    assert!(refused.is_err(), "nobody listens");
}
