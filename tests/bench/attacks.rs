//! What a hostile client does, each until it is cancelled: with few connections, from one address, without a rest.

use std::future::pending;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::net::sockopt::set_socket_recv_buffer_size;
use smol::io::{AsyncReadExt as _, AsyncWriteExt as _};
use smol::{Async, LocalExecutor, Task, Timer};

use super::client::{self, Client};
use super::way::Place;
use super::world;

/// What there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attack {
    /// None: what the machine does to a witness by itself.
    Nothing,
    CostlyNames,
    SixteenSessions,
    GrowingStanzas,
    LongMessages,
    Publishes,
    Passwords,
    HalfHandshakes,
    Log,
    Chunks,
    Files,
    LongNames,
}

impl Attack {
    pub const ALL: [Self; 12] = [
        Self::Nothing,
        Self::CostlyNames,
        Self::SixteenSessions,
        Self::GrowingStanzas,
        Self::LongMessages,
        Self::Publishes,
        Self::Passwords,
        Self::HalfHandshakes,
        Self::Log,
        Self::Chunks,
        Self::Files,
        Self::LongNames,
    ];

    /// Names of the attack: on the command line and in JSON, and in the table.
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Nothing => ("nothing", "no attack"),
            Self::CostlyNames => ("costly_names", "costly JIDs before the login"),
            Self::SixteenSessions => ("sixteen_sessions", "16 sessions of one user"),
            Self::GrowingStanzas => ("growing_stanzas", "stanzas that grow"),
            Self::LongMessages => ("long_messages", "a flood of messages"),
            Self::Publishes => ("publishes", "publishes pipelined"),
            Self::Passwords => ("passwords", "wrong passwords, hashed"),
            Self::HalfHandshakes => ("half_handshakes", "half handshakes of TLS"),
            Self::Log => ("log", "refused long requests"),
            Self::Chunks => ("chunks", "bodies in chunks of a byte"),
            Self::Files => ("files", "slow readers of files"),
            Self::LongNames => ("long_names", "long names of users"),
        }
    }
}

/// The users that have a part in it.
pub const ATTACKER: usize = 0;
pub const VICTIM: usize = 1;

/// A file that is read slowly, and its size.
pub const FILE: &str = "large.bin";
pub const FILE_SIZE: usize = 4 << 20;

/// Against whom.
#[derive(Clone)]
pub struct Scene {
    pub executor: Rc<LocalExecutor<'static>>,
    /// Where WebSockets go.
    pub place: Place,
    pub plain: SocketAddr,
    pub tls: SocketAddr,
}

/// A character that becomes eighteen when a JID is prepared.
const COSTLY: char = '\u{FDFA}';
/// A pause before what has failed is tried again.
const AGAIN: Duration = Duration::from_millis(10);
/// From one to the next where only the number of connections matters.
const HOLD: Duration = Duration::from_secs(1);

impl Scene {
    /// Attacks until this is dropped.
    pub async fn attack(&self, attack: Attack) {
        match attack {
            Attack::Nothing => pending().await,
            Attack::CostlyNames => self.each(200, |scene, _| async move { scene.costly_name().await }).await,
            Attack::SixteenSessions => {
                self.each(16, |scene, number| async move { scene.costly_session(number).await }).await
            }
            Attack::GrowingStanzas => {
                let uri = "u".repeat(500);
                let content = format!("<q xmlns='v' xmlns:p='{uri}'>{}</q>", "<p:a/>".repeat(950));
                self.flood(content, 3).await
            }
            Attack::LongMessages => self.flood(format!("<body>{}</body>", "x".repeat(31_000)), 8).await,
            Attack::Publishes => self.each(1, |scene, _| async move { scene.publishes().await }).await,
            Attack::Passwords => self.each(120, |scene, _| async move { scene.wrong_password().await }).await,
            Attack::HalfHandshakes => {
                self.each(1000, |scene, _| async move { scene.half_handshake().await }).await
            }
            Attack::Log => self.each(1, |scene, _| async move { scene.refused_requests().await }).await,
            Attack::Chunks => self.each(8, |scene, _| async move { scene.chunks().await }).await,
            Attack::Files => self.each(256, |scene, _| async move { scene.slow_file().await }).await,
            Attack::LongNames => self.each(100, |scene, _| async move { scene.long_names().await }).await,
        }
    }

    /// Keeps `many` attempts going at once, each again and again, whatever becomes of it.
    async fn each<F: Future<Output = io::Result<()>> + 'static>(
        &self,
        count: usize,
        one: impl Fn(Self, usize) -> F + Copy + 'static,
    ) {
        let again = |number| {
            let scene = self.clone();
            self.executor.spawn(async move {
                loop {
                    if one(scene.clone(), number).await.is_err() {
                        Timer::after(AGAIN).await;
                    }
                }
            })
        };
        let _tasks: Vec<Task<()>> = (0..count).map(again).collect();
        pending().await
    }

    /// A bound session without presence.
    pub async fn session(&self, user: usize, resource: &str) -> io::Result<Client> {
        let mut client = Client::connect(&self.place, client::scratch_of(2 << 20)).await?;
        let name = self.place.way.user(user);
        let requests = world::requests(&self.place.way, &name, self.place.way.password(&name), &[]);
        let requests: Vec<String> =
            requests[..5].iter().map(|request| request.replace("desktop", resource)).collect();
        client.dialogue(&requests).await?;
        Ok(client)
    }

    /// Opens a stream to a JID whose resource is costly to prepare.
    async fn costly_name(&self) -> io::Result<()> {
        let mut client = Client::connect(&self.place, client::scratch()).await?;
        let to = format!("localhost/{}", COSTLY.to_string().repeat(2680));
        let open = format!("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='{to}' version='1.0'/>");
        client.say(&open).await?;
        while client.texts(|_| {}).await.is_ok() {}
        Ok(())
    }

    /// Sends stanzas to such JIDs, after the login.
    async fn costly_session(&self, number: usize) -> io::Result<()> {
        const AT_ONCE: usize = 8;
        let mut client = self.session(ATTACKER, &format!("attack-{number}")).await?;
        let to = format!("localhost/{}", COSTLY.to_string().repeat(2680));
        let request = world::iq("get", "costly", &to, "<ping xmlns='urn:xmpp:ping'/>");
        loop {
            for _ in 0..AT_ONCE {
                client.say(&request).await?;
            }
            let mut answers = 0;
            while answers < AT_ONCE {
                client.texts(|_| answers += 1).await?;
            }
        }
    }

    /// Sends messages to the victim, some of whose sessions read.
    async fn flood(&self, content: String, at_once: usize) {
        let flood = async {
            let mut client = self.session(ATTACKER, "attack").await?;
            let to = format!("{}@{}", self.place.way.user(VICTIM), self.place.way.domain);
            let message = format!("<message xmlns='jabber:client' to='{to}'>{content}</message>");
            let ping = world::ping(&self.place.way);
            loop {
                for _ in 0..at_once {
                    client.say(&message).await?;
                }
                client.ask("ping", &ping).await?;
            }
        };
        let _: io::Result<()> = flood.await;
        pending().await
    }

    async fn http(&self) -> io::Result<Async<TcpStream>> {
        Async::<TcpStream>::connect(self.plain).await
    }

    /// Publishes without waiting for answers.
    async fn publishes(&self) -> io::Result<()> {
        let login = STANDARD.encode(&self.place.way.publisher);
        let payload = "x".repeat(31_000);
        let request = format!(
            "POST /callboard/api/publish?node={} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {login}\r\n\
             Content-Length: {}\r\n\r\n{payload}",
            world::NODE,
            payload.len()
        );
        pipeline(self.http().await?, request.repeat(34).as_bytes(), 34).await
    }

    /// Logs in with a wrong password.
    async fn wrong_password(&self) -> io::Result<()> {
        let login = STANDARD.encode("nobody:wrong");
        let request = format!(
            "GET /finesse/api/User/nobody HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {login}\r\n\r\n"
        );
        pipeline(self.http().await?, request.as_bytes(), 1).await
    }

    /// Sends most of a ClientHello that is as long as one may be, and waits.
    async fn half_handshake(&self) -> io::Result<()> {
        let mut stream = Async::<TcpStream>::connect(self.tls).await?;
        // Records of a handshake, and in the first a ClientHello that says it has 65,000 bytes (RFC 8446 §4, §5.1).
        for record in 0..4 {
            let mut bytes = vec![22, 3, 1, 0x3E, 0x80];
            let mut content = vec![0; 16_000];
            if record == 0 {
                content[..4].copy_from_slice(&[1, 0, 0xFD, 0xE8]);
            }
            bytes.append(&mut content);
            stream.write_all(&bytes).await?;
        }
        // The end, when the server has seen enough.
        let mut rest = [0; 1024];
        while stream.read(&mut rest).await? > 0 {}
        Ok(())
    }

    /// Long requests without a password.
    async fn refused_requests(&self) -> io::Result<()> {
        let path = "a".repeat(15_800);
        let request = format!("GET /finesse/api/{path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        pipeline(self.http().await?, request.repeat(16).as_bytes(), 16).await
    }

    /// A client's log, byte by byte, which is held before its end.
    async fn chunks(&self) -> io::Result<()> {
        let mut stream = self.http().await?;
        let name = self.place.way.user(ATTACKER);
        let login = STANDARD.encode(format!("{name}:{}", self.place.way.password(&name)));
        let head = format!(
            "POST /finesse/api/User/{name}/ClientLog HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {login}\r\n\
             Content-Type: application/xml\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await?;
        let chunks = "1\r\na\r\n".repeat(10_000);
        for _ in 0..100 {
            stream.write_all(chunks.as_bytes()).await?;
        }
        let mut rest = [0; 1024];
        while stream.read(&mut rest).await? > 0 {}
        Ok(())
    }

    /// Asks for a file, and takes 1 KiB of it in a second.
    async fn slow_file(&self) -> io::Result<()> {
        let mut stream = self.http().await?;
        set_socket_recv_buffer_size(&stream, 4096)?;
        stream.write_all(format!("GET /{FILE} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).await?;
        let mut piece = [0; 1024];
        while stream.read(&mut piece).await? > 0 {
            Timer::after(HOLD).await;
        }
        Ok(())
    }

    /// Names that are as long as a header may be, and costly to prepare.
    async fn long_names(&self) -> io::Result<()> {
        let login = STANDARD.encode(format!("{}:x", COSTLY.to_string().repeat(3500)));
        let request = format!(
            "GET /finesse/api/User/nobody HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {login}\r\n\r\n"
        );
        pipeline(self.http().await?, request.repeat(4).as_bytes(), 4).await
    }
}

/// Sends so many requests at once, and again when so many answers have come.
async fn pipeline(mut stream: Async<TcpStream>, requests: &[u8], count: usize) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        stream.write_all(requests).await?;
        let mut answers = 0;
        while answers < count {
            let length = stream.read(&mut buffer).await?;
            if length == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            // One that is cut at the end of a read is missed at times: then the connection is closed for its silence, and
            // there is a new one.
            answers += buffer[..length].windows(9).filter(|start| start == b"HTTP/1.1 ").count();
        }
    }
}
