//! TLS on the wire: how its bytes come must not matter, and each side tells the other when it ends.

use std::fs;
use std::io;
use std::net::TcpStream;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_rustls::client::TlsStream;
use futures_rustls::rustls::crypto::ring::default_provider;
use futures_rustls::rustls::version::{TLS12, TLS13};
use futures_rustls::rustls::{ClientConfig, HandshakeKind, RootCertStore};
use rcgen::generate_simple_self_signed;
use rustix::process::Signal;
use smol::future::FutureExt as _;
use smol::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use smol::{Async, Timer};

use crate::support::figures::metrics;
use crate::support::http::{Http, basic};
use crate::support::server::{DEMO, Folder, PATIENCE};
use crate::support::{Server, tls};

/// A connection that takes and gives no more than so many bytes at once.
struct Crumbs {
    socket: Async<TcpStream>,
    size: usize,
}

impl AsyncRead for Crumbs {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let length = buf.len().min(self.size);
        Pin::new(&mut self.socket).poll_read(cx, &mut buf[..length])
    }
}

impl AsyncWrite for Crumbs {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let length = buf.len().min(self.size);
        Pin::new(&mut self.socket).poll_write(cx, &buf[..length])
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_close(cx)
    }
}

/// How long who does not read yet lets the server write.
const READS_LATE: Duration = Duration::from_millis(200);

/// Waits for `future`, but not for ever.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let late = async {
        Timer::after(PATIENCE).await;
        panic!("nothing comes");
    };
    smol::block_on(future.or(late))
}

async fn connect(server: &Server) -> TlsStream<Async<TcpStream>> {
    tls::connect(server.tls, Some(&TLS13)).await.expect("the handshake succeeds")
}

/// Does a handshake as that client, and asks for the health of the server. Returns of which kind the handshake was.
fn handshake(server: &Server, client: &Arc<ClientConfig>) -> Option<HandshakeKind> {
    let stream = wait(async {
        let socket = Async::<TcpStream>::connect(server.tls).await?;
        let mut stream = tls::with(client.clone(), socket).await?;
        ask(&mut stream).await;
        io::Result::Ok(stream)
    });
    stream.expect("the handshake succeeds").get_ref().1.handshake_kind()
}

/// Asks for the health of the server, after which the connection ends; returns the answer.
async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> String {
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await
        .expect("it is sent");
    stream.flush().await.expect("it is sent");
    let mut answer = String::new();
    // Without an end of TLS this is an error.
    stream.read_to_string(&mut answer).await.expect("it ends as TLS ends");
    answer
}

#[test]
fn bytes_come_in_crumbs_and_in_heaps() {
    // More than a system keeps for who reads late.
    const LENGTH: usize = 6 * 1024 * 1024;
    let folder = Folder::new();
    let file: Vec<u8> = (0..LENGTH).map(|place| (place / 7) as u8).collect();
    fs::create_dir(folder.path().join("site")).expect("the folder is ours");
    fs::write(folder.path().join("site/file.bin"), &file).expect("the folder is ours");
    let server = Server::serving_in(folder, "localhost", &format!("www = \"site\"\n{DEMO}"));
    let payload = "x".repeat(30_000);
    let publish = format!(
        "POST /callboard/api/publish?node=/lab/alarms HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\
         Content-Length: {}\r\n\r\n{payload}GET /file.bin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        basic("administrator", "1234"),
        payload.len(),
    );
    for (version, size) in
        [(&TLS12, 1), (&TLS13, 1), (&TLS12, 1000), (&TLS13, 1000), (&TLS12, LENGTH), (&TLS13, LENGTH)]
    {
        wait(async {
            let socket =
                Async::<TcpStream>::connect(server.tls).await.expect("the server accepts connections");
            socket.get_ref().set_nodelay(true).expect("it is a socket");
            let mut stream =
                tls::over(Crumbs { socket, size }, Some(version)).await.expect("the handshake succeeds");
            if size == 1 {
                assert!(ask(&mut stream).await.starts_with("HTTP/1.1 200 OK\r\n"), "{version:?}");
                return;
            }
            stream.write_all(publish.as_bytes()).await.expect("it is sent");
            stream.flush().await.expect("it is sent");
            Timer::after(READS_LATE).await;
            let mut answers = Vec::new();
            stream.read_to_end(&mut answers).await.expect("it ends as TLS ends");
            assert!(answers.starts_with(b"HTTP/1.1 202 Accepted\r\n"), "{version:?}, {size}");
            assert!(answers.ends_with(&file), "{version:?}, {size}: {} bytes", answers.len());
        });
    }
}

#[test]
fn a_handshake_that_is_not_complete_holds_sixteen_kibibytes_and_those_of_an_address_a_quarter_of_all() {
    let server = Server::with("[limits]\nhandshakes = \"64KiB\"\n");
    let open = |from, sent| {
        let mut http = Http::connect_from(from, server.tls);
        http.send(tls::half_hello(60_000, sent));
        http
    };
    let (here, there) = ([127, 0, 0, 1], [127, 0, 0, 2]);
    // One alone may have 16 KiB, and no more.
    let first = open(here, 12_000);
    assert_eq!(open(there, 17_000).rest(), "");
    server.wait_for_log(&["127.0.0.2", "a message of TLS is too long"]);
    // Its address has a quarter.
    assert_eq!(open(here, 6_000).rest(), "");
    server.wait_for_log(&["127.0.0.1", "handshakes in [limits]"]);
    let others: Vec<Http> = (3..7).map(|last| open([127, 0, 0, last], 12_000)).collect();
    server.wait_for_log(&["127.0.0.6", "accepted"]);
    assert_eq!(open(there, 6_000).rest(), "");
    server.wait_for_log(&["127.0.0.2", "handshakes in [limits]"]);
    // A client that says all at once holds nothing, and what was held is free again.
    assert!(wait(async { ask(&mut connect(&server).await).await }).starts_with("HTTP/1.1 200 OK\r\n"));
    assert_eq!(metrics(&server)["callboard_handshakes_refused_total"], 2.0);
    drop((first, others));
}

#[test]
fn the_thousandth_client_resumes_its_session_as_the_first_does() {
    const CLIENTS: usize = 1000;
    let server = Server::with_log("warn", "");
    for (version, clients) in [(&TLS13, CLIENTS), (&TLS12, 300)] {
        let configs: Vec<_> = (0..clients).map(|_| Arc::new(tls::client(Some(version)))).collect();
        for (round, kind) in [(0, HandshakeKind::Full), (1, HandshakeKind::Resumed)] {
            // Of those who come back, the first and the last.
            for config in configs.iter().step_by(if round == 0 { 1 } else { clients - 1 }) {
                assert_eq!(handshake(&server, config), Some(kind), "{version:?}");
            }
        }
    }
}

#[test]
fn a_session_resumes_over_a_reload_until_the_certificate_is_another_one() {
    let folder = Folder::new();
    let path = folder.path().to_owned();
    let write = || {
        let pair = generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate can be made");
        for (name, pem) in [("server.pem", pair.cert.pem()), ("server.key", pair.signing_key.serialize_pem())]
        {
            fs::write(path.join(name), pem).expect("the folder is ours");
        }
        pair.cert.der().to_vec()
    };
    write();
    let files = "[tls]\ncertificate = \"server.pem\"\nkey = \"server.key\"\n";
    let server = Server::serving_in(folder, "localhost", &format!("{DEMO}\n{files}"));
    let clients = [&TLS13, &TLS12].map(|version| Arc::new(tls::client(Some(version))));
    let expect = |kind| {
        for client in &clients {
            assert_eq!(handshake(&server, client), Some(kind));
        }
    };
    expect(HandshakeKind::Full);
    server.signal(Signal::HUP);
    server.wait_for_log(&["reload: certificate in use"]);
    expect(HandshakeKind::Resumed);
    let other = write();
    server.signal(Signal::HUP);
    let deadline = Instant::now() + PATIENCE;
    while tls::certificate(server.tls) != other {
        assert!(Instant::now() < deadline, "{}", server.log());
    }
    expect(HandshakeKind::Full);
    expect(HandshakeKind::Resumed);
}

#[test]
fn new_keys_are_taken_and_answered_with_new_keys() {
    let server = Server::demo();
    wait(async {
        let mut stream = connect(&server).await;
        for _ in 0..3 {
            stream.get_mut().1.refresh_traffic_keys().expect("TLS 1.3 has that");
            stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("it is sent");
            stream.flush().await.expect("it is sent");
            let mut start = [0; 15];
            stream.read_exact(&mut start).await.expect("an answer");
            assert_eq!(&start, b"HTTP/1.1 200 OK");
            let mut rest = String::new();
            while !rest.ends_with("ok\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).await.expect("the rest of the answer");
                rest.push(byte[0].into());
            }
        }
        assert!(ask(&mut stream).await.starts_with("HTTP/1.1 200 OK\r\n"));
    });
}

#[test]
fn a_client_that_sends_close_notify_gets_one() {
    let server = Server::demo();
    wait(async {
        let mut stream = connect(&server).await;
        stream.get_mut().1.send_close_notify();
        stream.flush().await.expect("it is sent");
        assert_eq!(stream.read(&mut [0; 16]).await.expect("it ends as TLS ends"), 0);
    });
}

#[test]
fn a_client_that_breaks_tls_gets_an_alert() {
    let server = Server::demo();
    wait(async {
        // A record that nobody has encrypted, and what is no hello.
        let mut stream = connect(&server).await;
        let garbage = [&[23, 3, 3, 0, 40][..], &[7; 40]].concat();
        stream.get_mut().0.write_all(&garbage).await.expect("it is sent");
        let error = stream.read(&mut [0; 16]).await.expect_err("that is no record");
        assert!(error.to_string().contains("fatal alert"), "{error}");
        let mut socket =
            Async::<TcpStream>::connect(server.tls).await.expect("the server accepts connections");
        socket.write_all(&[22, 3, 1, 0, 4, 9, 0, 0, 0]).await.expect("it is sent");
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).await.expect("an answer and the end");
        assert_eq!(answer[..5], [21, 3, 3, 0, 2], "an alert: {answer:?}");
    });
    assert!(
        smol::block_on(async { ask(&mut connect(&server).await).await }).starts_with("HTTP/1.1 200 OK\r\n")
    );
}

#[test]
fn the_log_says_in_words_why_a_client_breaks_its_handshake_off() {
    let server = Server::with_log("debug", "");
    let strict = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has ciphers for both")
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    wait(async {
        let socket = Async::<TcpStream>::connect(server.tls).await.expect("the server accepts connections");
        tls::with(Arc::new(strict), socket).await.expect_err("nobody vouches for the certificate");
    });
    server.wait_for_log(&["tls: the client does not trust the certificate (UnknownCA)"]);
    // A hello of TLS 1.1, with one suite of that time and no extensions.
    let body = [&[3, 2][..], &[7; 32], &[0, 0, 2, 0, 0x2f, 1, 0]].concat();
    let hello = [&[22, 3, 1, 0, 45, 1, 0, 0, 41][..], &body].concat();
    wait(async {
        let mut socket =
            Async::<TcpStream>::connect(server.tls).await.expect("the server accepts connections");
        socket.write_all(&hello).await.expect("it is sent");
        socket.read_to_end(&mut Vec::new()).await.expect("an alert and the end");
    });
    server.wait_for_log(&["tls: the client offers no TLS that is spoken here, which is 1.2 and 1.3 ("]);
}

#[test]
fn the_server_chooses_the_suite_and_not_the_costliest() {
    let server = Server::demo();
    for version in [&TLS13, &TLS12] {
        let stream = wait(tls::connect(server.tls, Some(version))).expect("the handshake succeeds");
        let suite = stream.get_ref().1.negotiated_cipher_suite().expect("there is one");
        // The client asks for the longest key first.
        assert!(!format!("{:?}", suite.suite()).contains("AES_256"), "{suite:?}");
    }
}
