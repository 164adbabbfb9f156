//! The agents over several configurations: keys of those who are gone are nobody's.

use crate::desk::tests::random_calls::*;

/// The ids that each agent has in one file or another.
const IDS: [&[&str]; AGENTS as usize] =
    [&["ada"], &["bob", "bea"], &["cid", "cyd"], &["dan", "dot"], &["eve"]];

/// The most users of two files, one after the other.
const MOST: usize = IDS.len() + 1 + 3;

impl Centre {
    /// A command with the key of a user who is gone.
    pub(super) fn by_former(&self, place: usize, which: u8) -> Option<Command> {
        let former = *self.former.get(place % self.former.len().max(1))?;
        let request = |actor, request| Command::Request { actor, request_id: "r".to_owned(), request };
        let log_in = SetState {
            state: Some("LOGIN".to_owned()),
            extension: Some("1001".to_owned()),
            ..SetState::default()
        };
        Some(match which {
            0 => Command::Left(former),
            1 => Command::Arrived(former),
            2 => Command::EndSignIn(former),
            3 => request(former, Request::SetState { user: former, asked: log_in }),
            _ => request(WATCHER, Request::SetState { user: former, asked: log_in }),
        })
    }

    /// What a command did has been read: new agents take the places of those who are gone.
    pub(super) fn mind_people(&mut self) -> Checked {
        let directory = self.desk.directory();
        for (number, ids) in IDS.iter().enumerate() {
            let now = ids.iter().find_map(|id| directory.find(id)).expect("one of them is there");
            let before = std::mem::replace(&mut self.agents[number], now);
            if before != now {
                let reader = std::mem::take(&mut self.readers[number]);
                must!(reader.dialogs.is_empty(), "gone with calls: {:?}", reader.dialogs);
                must!(
                    reader.user.is_none_or(|user| user.contains("<state>LOGOUT</state>")),
                    "gone and signed in for its reader"
                );
                self.former.push(before);
            }
        }
        let (_, _, last) = self.log.last().expect("a command was applied");
        if let Some((_, Command::Left(user) | Command::Arrived(user) | Command::EndSignIn(user), _)) =
            self.log.last()
            && self.former.contains(user)
        {
            must!(*last == Ok(Applied::default()), "told of somebody who is gone: {last:?}");
        }
        for user in &self.former {
            must!(!directory.has(*user) && !self.agents.contains(user), "gone and there: {user:?}");
            let agent = self.desk.agent(*user);
            must!(agent.state == State::Logout && agent.sign_in.is_none(), "gone and signed in");
        }
        let places = (directory.places(), self.desk.agents.values().count());
        must!(places.0 <= MOST && places.1 <= MOST, "places: {places:?}");
        Ok(())
    }
}
