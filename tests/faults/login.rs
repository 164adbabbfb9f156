//! A client that logs in step by step and may be cut off at each: errors of its connection are no failure.

use std::io;
use std::net::{SocketAddr, TcpStream};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smol::Async;
use smol::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::support::http::UPGRADE;
use crate::support::polite::Stream;
use crate::support::raw::{TEXT, frame};
use crate::support::{ns, tls};
use crate::witness::TEAM;

/// Connects to the server or to a relay before it.
pub async fn connect(address: SocketAddr, secure: bool) -> io::Result<Box<dyn Stream>> {
    Ok(if secure {
        Box::new(tls::connect(address, None).await?)
    } else {
        Box::new(Async::<TcpStream>::connect(address).await?)
    })
}

/// The whole way from the upgrade to an available session that is subscribed to the team of the witnesses.
pub async fn log_in(stream: &mut (impl Stream + ?Sized), user: &str, resource: &str) -> io::Result<()> {
    let open = format!("<open xmlns='{}' to='localhost' version='1.0'/>", ns::FRAMING);
    let plain = STANDARD.encode(format!("\0{user}\0{user}"));
    let auth = format!("<auth xmlns='{}' mechanism='PLAIN'>{plain}</auth>", ns::SASL);
    let bind = format!("<bind xmlns='{}'><resource>{resource}</resource></bind>", ns::BIND);
    let bind = format!("<iq type='set' id='1' xmlns='jabber:client'>{bind}</iq>");
    let subscribe = format!("<subscribe node='{TEAM}' jid='{user}@localhost/{resource}'/>");
    let subscribe = format!("<pubsub xmlns='{}'>{subscribe}</pubsub>", ns::PUBSUB);
    let subscribe =
        format!("<iq type='set' id='2' to='pubsub.localhost' xmlns='jabber:client'>{subscribe}</iq>");
    ask(stream, format!("GET /ws/ HTTP/1.1\r\n{UPGRADE}\r\n").as_bytes(), "\r\n\r\n").await?;
    for (text, answer) in [
        (open.as_str(), "</stream:features>"),
        (&auth, "<success "),
        (&open, "</stream:features>"),
        (&bind, "</jid>"),
        ("<presence xmlns='jabber:client'/>", "<presence "),
        (&subscribe, "subscription=\"subscribed\""),
    ] {
        ask(stream, &frame(TEXT, text.as_bytes()), answer).await?;
    }
    Ok(())
}

/// Sends something, and reads until the answer has come, or a refusal.
pub async fn ask(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin + ?Sized),
    bytes: &[u8],
    answer: &str,
) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await?;
    let mut come = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let has_come = |text: &str| come.windows(text.len()).any(|window: &[u8]| window == text.as_bytes());
        // A refusal may come right behind what was asked for.
        if ["<failure ", "<error ", "<stream:error "].into_iter().any(has_come) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        if has_come(answer) {
            return Ok(());
        }
        match stream.read(&mut buffer).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            length => come.extend_from_slice(&buffer[..length]),
        }
    }
}

/// Reads whatever comes until nothing can come any more.
pub async fn read_on(stream: &mut (impl AsyncRead + Unpin + ?Sized)) {
    let mut buffer = [0; 4096];
    while matches!(stream.read(&mut buffer).await, Ok(1..)) {}
}
