//! `callboard healthcheck`: asks a running server whether it serves, as a container's health check does.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// How long each step may take: to connect, to write, to read.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest answer that is read, in bytes.
const LONGEST: u64 = 4096;

/// Asks the server that listens on an address for `/healthz`. That needs no TLS on any listener, so no certificate has to be
/// judged.
///
/// # Errors
///
/// Returns a sentence when the answer is not 200, or there is none.
pub fn check(address: SocketAddr) -> Result<(), String> {
    if address.port() == 0 {
        return Err(format!(
            "the port of {address} is known only when the server runs; name it with --listen"
        ));
    }
    let address = SocketAddr::new(reached_at(address.ip()), address.port());
    let answer = ask(address).map_err(|error| format!("{address} does not serve: {error}"))?;
    let status = answer.lines().next().unwrap_or_default();
    if status.split(' ').nth(1) == Some("200") {
        return Ok(());
    }
    Err(format!("{address} does not serve: it answered {status:?} for /healthz"))
}

/// Where a server is reached that listens on this address.
fn reached_at(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        _ => ip,
    }
}

fn ask(address: SocketAddr) -> io::Result<String> {
    let mut socket = TcpStream::connect_timeout(&address, PATIENCE)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    write!(socket, "GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    socket.take(LONGEST).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
