//! Another configuration while the server runs.

use std::fmt;

use crate::clock::Now;
use crate::config::{Config, NodeAccess};
use crate::desk::Command;
use crate::hub::action::Action;
use crate::hub::nodes;
use crate::hub::session::Session;
use crate::hub::state::Hub;
use crate::id::{SessionId, UserId};
use crate::pubsub::{self, NodeId, Subscriber};
#[cfg(feature = "replica")]
use crate::replica::sections::Sections;
use crate::xmpp::stream::StreamError;

/// The changes that another configuration has made, for the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// How many users there are now.
    pub users: usize,
    pub new_users: usize,
    pub removed_users: usize,
    pub teams: usize,
    pub queues: usize,
    /// The nodes that were taken away.
    pub removed_nodes: usize,
}

impl Hub {
    /// From now on users with their passwords, mechanisms, teams, queues, lists and nodes are those of `config`; names of the server,
    /// rules and limits stay. Sessions stay, but for those of users who are gone: they end with `not-authorized`, after
    /// the events of their being signed out. Subscribers of a node that is gone are told so.
    pub fn reload(&mut self, now: Now, mut config: Config) -> Reloaded {
        self.reloads += 1;
        if let Some(start) = &mut self.start {
            **start = config.clone();
            self.guests.add_to(&mut config);
        }
        self.take(now, config)
    }

    /// Takes a configuration, with those who are there beside it.
    pub(super) fn take(&mut self, now: Now, config: Config) -> Reloaded {
        let before = self.users().keys().count();
        let (teams, queues) = (config.teams.len(), config.queues.len());
        self.gate.set_config(&config);
        #[cfg(feature = "replica")]
        {
            self.sections = Sections::of(&config);
        }
        self.mechanisms.clone_from(&config.sasl);
        let own = config.nodes.clone();
        self.apply_by_system(now, pubsub::Command::SetUniqueness(nodes::uniqueness(config.subscriptions)));
        self.apply_by_system(now, Command::Reload(config.into()));

        let gone: Vec<UserId> = self.users().gone().to_vec();
        self.end_sessions(now);
        for user in &gone {
            self.apply_by_system(now, pubsub::Command::Forget { user: *user });
        }
        self.forget_users();
        self.end_taps(now);
        self.end_subscriptions(now);
        let names = nodes::all(&self.desk, &own).into_iter().map(|spec| spec.name).collect();
        let nodes = self.pubsub.others(&names);
        let removed_nodes = nodes.len();
        self.apply_by_system(now, pubsub::Command::Close(nodes.clone()));
        nodes.into_iter().for_each(|node| self.delete_node(now, node));
        let users = self.users().keys().count();
        Reloaded {
            users,
            new_users: users + gone.len() - before,
            removed_users: gone.len(),
            teams,
            queues,
            removed_nodes,
        }
    }

    /// Forgets users who are not there: those who are gone, and those who were gone before and did something after that, such as
    /// try a password whose check had begun.
    fn forget_users(&mut self) {
        for user in self.senders.forget(|user| self.desk.directory().has(user)) {
            // Its requests are refused now.
            self.report.act(Action::Release(user));
        }
        let directory = self.desk.directory();
        self.roster.retain(|user| directory.has(user));
        self.gate.retain(|user| directory.has(user));
        self.record.retain_users(|user| directory.has(user));
    }

    /// Ends the sessions and tickets of removed users, and the tokens of those and of users with another password.
    fn end_sessions(&mut self, now: Now) {
        let directory = self.desk.directory();
        self.gate.tickets.retain(|user| directory.has(user));
        self.gate.tokens.retain(|user, password| {
            let own = directory.get(user);
            directory.has(user) && own.sso && own.password == *password
        });
        let is_gone = |id: &SessionId| {
            let user = self.sessions.get(*id).and_then(|session| session.user);
            user.is_some_and(|user| !directory.has(user))
        };
        for id in self.sessions.ids().into_iter().filter(is_gone).collect::<Vec<_>>() {
            self.fail(now, id, StreamError::REMOVED);
        }
    }

    /// Ends the taps of users who are no administrators any more.
    fn end_taps(&mut self, now: Now) {
        let may = |id: SessionId| {
            let user = self.sessions.get(id).and_then(|session| session.user);
            user.is_some_and(|user| self.users().is_administrator(user))
        };
        let ended: Vec<SessionId> = self.taps.iter().map(|tap| tap.id).filter(|id| !may(*id)).collect();
        for id in ended {
            self.end(now, id, None, "its user is no administrator any more");
        }
    }

    /// A user who may follow a node no more is not subscribed to it any more, and the streams with the node's events end.
    pub(super) fn end_subscriptions(&mut self, now: Now) {
        if self.desk.node_access() == NodeAccess::Open {
            return;
        }
        let may_not: Vec<(Subscriber, NodeId)> = self
            .pubsub
            .list(None, None)
            .filter(|one| !self.desk.may_follow(one.who.user, &self.pubsub.name(one.node)))
            .map(|one| (one.who, one.node))
            .collect();
        for (who, node) in may_not {
            self.apply_by_system(now, pubsub::Command::Unsubscribe { node, who });
            let stream =
                who.session.filter(|id| self.sessions.get(*id).is_some_and(Session::is_event_stream));
            if let Some(id) = stream {
                self.end(now, id, None, "its user may follow a node no more");
            }
        }
    }
}

impl fmt::Display for Reloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { users, new_users, removed_users, teams, queues, removed_nodes } = self;
        write!(
            f,
            "{users} users ({new_users} new, {removed_users} removed), {teams} teams, {queues} queues, \
             {removed_nodes} nodes taken away"
        )
    }
}
