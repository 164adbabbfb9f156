//! Logins: many, some at a time.

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use futures_rustls::TlsConnector;
use smol::future::FutureExt as _;
use smol::{LocalExecutor, Timer};

use super::child::Server;
use super::client::{self, Client};
use super::options::{Options, Transport};
use super::publisher::{self, Publisher, XmppPublisher};
use super::way::{Place, PublishBy, Way};
use super::world;

/// Logins under way at the same time.
pub const LOGINS: usize = 64;
/// How long all logins may take, beside what each may.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long each may take of that: the slowest servers know some 70 in a second.
const EACH: Duration = Duration::from_millis(50);

/// What all measurements have in common.
pub struct Generator {
    pub executor: Rc<LocalExecutor<'static>>,
    pub options: Options,
    pub connector: TlsConnector,
}

/// Users to log in, and their subscriptions.
pub struct Logins {
    /// How many.
    pub count: usize,
    /// The number of the first user; one user after the other, and after the last the first again.
    pub first: usize,
    /// How many users there are.
    pub users: usize,
    /// What each subscribes to.
    pub nodes: fn(&Way, &str) -> Vec<String>,
}

impl Logins {
    /// A login of each user, subscribed as the desktop is.
    pub fn all(users: usize) -> Self {
        Self { count: users, first: 0, users, nodes: both }
    }
}

impl Generator {
    /// Logs users in, [`LOGINS`] at a time, each up to its subscriptions. Hands over the sessions.
    pub async fn logins(
        &self,
        server: &Server,
        transport: Transport,
        logins: Logins,
        mut done: impl FnMut(Client),
    ) -> io::Result<()> {
        let Logins { count, first, users, nodes } = logins;
        let place = Rc::new(server.place(transport, &self.connector));
        let (sender, receiver) = smol::channel::unbounded();
        let next = Rc::new(Cell::new(0));
        let scratch = client::scratch();
        let _workers: Vec<_> = (0..LOGINS)
            .map(|_| {
                let (sender, next, place, scratch) =
                    (sender.clone(), next.clone(), place.clone(), scratch.clone());
                self.executor.spawn(async move {
                    while next.get() < count {
                        let index = first + next.replace(next.get() + 1) % users;
                        // Nobody waits for the others when one has failed.
                        let _ = sender.send(login(&place, index, nodes, scratch.clone()).await).await;
                    }
                })
            })
            .collect();
        let all = async {
            for _ in 0..count {
                done(receiver.recv().await.map_err(io::Error::other)??);
            }
            Ok(())
        };
        let late = async {
            Timer::after(PATIENCE + EACH * count as u32).await;
            Err(io::Error::other(format!("{} of {count} logins begun in time", next.get())))
        };
        all.or(late).await
    }

    /// Logs users in and returns the sessions.
    pub async fn sessions(
        &self,
        server: &Server,
        transport: Transport,
        logins: Logins,
    ) -> io::Result<Vec<Client>> {
        let mut clients = Vec::with_capacity(logins.count);
        self.logins(server, transport, logins, |client| clients.push(client)).await?;
        Ok(clients)
    }

    /// A publisher of payloads of `size` bytes to a node. If it has to make the nodes of this benchmark, it does.
    pub async fn publisher(
        &self,
        server: &Server,
        transport: Transport,
        node: &str,
        size: usize,
    ) -> io::Result<Publisher> {
        match server.way.publish_by {
            PublishBy::Http => {
                let request = publisher::publication(&server.way.publisher, node, size);
                Publisher::connect(server.plain.address, request)
            }
            PublishBy::Xmpp => {
                let place = server.place(transport, &self.connector);
                let nodes = [node, world::NODE, world::TEAM];
                Ok(Publisher::Xmpp(XmppPublisher::connect(&place, &nodes, size).await?))
            }
        }
    }
}

/// Logs in the user of a number.
pub async fn login(
    place: &Place,
    index: usize,
    nodes: fn(&Way, &str) -> Vec<String>,
    scratch: client::Scratch,
) -> io::Result<Client> {
    let name = place.way.user(index);
    let mut client = Client::connect(place, scratch).await?;
    client.login(&name, place.way.password(&name), &nodes(&place.way, &name)).await?;
    Ok(client)
}

/// What the desktop subscribes to: its user and its team. Where users have no nodes, it is two that there are.
pub fn both(way: &Way, name: &str) -> Vec<String> {
    let own = if way.is_ours { world::node(name) } else { world::TEAM.to_owned() };
    vec![own, world::NODE.to_owned()]
}

/// No subscription: a user has its own events without.
pub fn none(_: &Way, _: &str) -> Vec<String> {
    Vec::new()
}
