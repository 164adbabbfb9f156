//! The nodes. A contact centre has several for each user, and most of them never see a subscriber or an event: of nodes whose
//! names begin alike, only that beginning is kept.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::id::places::{Key, Places};

/// The ends of the names of nodes behind a common beginning: nothing, or up to [`SLASHES`] segments.
pub type Ends = &'static [&'static str];

/// No end has more slashes than this.
const SLASHES: usize = 2;

/// A branch has no more nodes than this.
const WIDTH: usize = 8;

/// The key of a node: the key of its branch, and the place of its end. A node that is removed and made again has another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(Key);

impl NodeId {
    pub(super) const fn new(branch: Key, end: usize) -> Self {
        let place = branch.place.saturating_mul(WIDTH as u32).saturating_add(end as u32);
        Self(Key { place, ..branch })
    }

    fn branch(self) -> Key {
        Key { place: self.0.place / WIDTH as u32, ..self.0 }
    }

    fn end(self) -> usize {
        self.0.place as usize % WIDTH
    }
}

/// The nodes whose names begin with one name.
#[derive(Debug, PartialEq, Eq)]
struct Branch {
    name: Rc<str>,
    ends: Ends,
    is_open: bool,
    /// The number of the last event that may have been on nodes of that name before these were made.
    since: u64,
}

/// The nodes. A removed one keeps its place until others are made, so that its subscribers can be told its name.
#[derive(Debug, PartialEq, Eq)]
pub struct Nodes {
    branches: Places<Branch>,
    /// The open branches by their names.
    names: HashMap<Rc<str>, Key>,
    /// The branches that were removed since others were made.
    closed: Vec<Key>,
}

impl Nodes {
    /// No nodes, with room for `branches`.
    pub fn with_capacity(branches: usize) -> Self {
        Self {
            branches: Places::with_capacity(branches),
            names: HashMap::with_capacity(branches),
            closed: Vec::new(),
        }
    }

    /// Makes the nodes of that name with these ends, or changes their ends. Returns the nodes. Of new ones nothing is known up to
    /// the event with the number `since`.
    pub fn open(&mut self, name: &str, ends: Ends, since: u64) -> impl Iterator<Item = NodeId> + use<> {
        debug_assert!(ends.len() <= WIDTH && ends.iter().all(|end| end.matches('/').count() <= SLASHES));
        let branch = self.names.get(name).copied().unwrap_or_else(|| {
            let name: Rc<str> = name.into();
            let branch = self.branches.insert(Branch { name: name.clone(), ends, is_open: true, since });
            self.names.insert(name, branch);
            branch
        });
        if let Some(branch) = self.branches.get_mut(branch) {
            branch.ends = ends;
        }
        (0..ends.len()).map(move |end| NodeId::new(branch, end))
    }

    /// The nodes whose branch has none of these names.
    pub fn others(&self, names: &HashSet<String>) -> Vec<NodeId> {
        self.nodes(|branch| !names.contains(&*branch.name)).collect()
    }

    /// Of all nodes nothing is known up to the event with the number `since`.
    #[cfg(feature = "replica")]
    pub fn begin_again(&mut self, since: u64) {
        for key in self.names.values() {
            if let Some(branch) = self.branches.get_mut(*key) {
                branch.since = since;
            }
        }
    }

    /// Gives back the places of removed nodes. Their subscribers have been told.
    pub fn give_back(&mut self) {
        // The smallest place is taken first.
        for branch in self.closed.drain(..).rev() {
            self.branches.remove(branch);
        }
    }

    /// Removes the branches of these nodes.
    pub fn close(&mut self, nodes: &[NodeId]) {
        for node in nodes {
            let branch = self.branches.get_mut(node.branch()).filter(|branch| branch.is_open);
            if let Some(branch) = branch {
                branch.is_open = false;
                self.names.remove(&branch.name);
                self.closed.push(node.branch());
            }
        }
    }

    /// Tells whether a node has not been removed.
    pub fn has(&self, node: NodeId) -> bool {
        self.branches
            .get(node.branch())
            .is_some_and(|branch| branch.is_open && node.end() < branch.ends.len())
    }

    /// The node of that name.
    pub fn find(&self, name: &str) -> Option<NodeId> {
        let cuts = name.rmatch_indices('/').map(|(cut, _)| cut).take(SLASHES);
        [name.len()].into_iter().chain(cuts).find_map(|cut| {
            let (name, end) = name.split_at(cut);
            let key = *self.names.get(name)?;
            let end = self.branches.get(key)?.ends.iter().position(|other| *other == end)?;
            Some(NodeId::new(key, end))
        })
    }

    /// The number up to which nothing is known of the events of a node.
    pub fn since(&self, node: NodeId) -> u64 {
        self.branches.get(node.branch()).map_or(u64::MAX, |branch| branch.since)
    }

    /// The name of a node, of one that was removed last too; empty for others.
    pub fn name(&self, node: NodeId) -> Rc<str> {
        let branch = self.branches.get(node.branch());
        match branch.and_then(|branch| Some((&branch.name, *branch.ends.get(node.end())?))) {
            None => "".into(),
            Some((name, "")) => name.clone(),
            Some((name, end)) => [name, end].concat().into(),
        }
    }

    /// The nodes that have not been removed.
    pub fn keys(&self) -> impl Iterator<Item = NodeId> {
        self.nodes(|_| true)
    }

    /// How many places of branches there are: no more than branches of two configurations, one after the other.
    pub fn places(&self) -> usize {
        self.branches.count()
    }

    fn nodes(&self, wanted: impl Fn(&Branch) -> bool) -> impl Iterator<Item = NodeId> {
        let open = self.branches.iter().filter(move |(_, branch)| branch.is_open && wanted(branch));
        open.flat_map(|(key, branch)| (0..branch.ends.len()).map(move |end| NodeId::new(key, end)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDS: Ends = &["", "/x", "/x/y"];

    #[test]
    fn each_name_leads_to_its_node_and_back_and_no_other_does() {
        let mut nodes = Nodes::with_capacity(0);
        let opened: Vec<NodeId> = [("/a", ENDS), ("/a/z", &[""]), ("/b", ENDS)]
            .iter()
            .flat_map(|(name, ends)| nodes.open(name, ends, 0))
            .collect();
        let names = ["/a", "/a/x", "/a/x/y", "/a/z", "/b", "/b/x", "/b/x/y"];
        assert_eq!(nodes.keys().collect::<Vec<_>>(), opened);
        assert_eq!(opened.iter().map(|node| nodes.name(*node)).collect::<Vec<_>>(), names.map(Rc::from));
        assert_eq!(names.map(|name| nodes.find(name)), *opened.iter().copied().map(Some).collect::<Vec<_>>());
        for name in
            ["", "/", "a", "/a/", "/a/y", "/a/z/x", "/a/x/y/", "/a/x/x", "/a//x", "/c/x", &"/a".repeat(9)]
        {
            assert_eq!(nodes.find(name), None, "{name}");
        }
    }

    #[test]
    fn a_removed_node_is_not_found_and_keeps_its_name_until_its_place_is_given_back() {
        let mut nodes = Nodes::with_capacity(0);
        let first: Vec<NodeId> = nodes.open("/a", ENDS, 0).collect();
        let second: Vec<NodeId> = nodes.open("/b", ENDS, 0).collect();
        let names = HashSet::from(["/b".to_owned()]);
        assert_eq!(nodes.others(&names), first);
        nodes.close(&first);
        assert_eq!(nodes.others(&names), []);
        assert_eq!((nodes.find("/a"), nodes.find("/a/x"), nodes.find("/b/x")), (None, None, Some(second[1])));
        assert_eq!(nodes.keys().collect::<Vec<_>>(), second);
        assert_eq!((&*nodes.name(first[1]), nodes.has(first[1])), ("/a/x", false));
        let again: Vec<NodeId> = nodes.open("/a", ENDS, 0).collect();
        assert!(again.iter().all(|node| !first.contains(node) && nodes.has(*node)));
        nodes.give_back();
        assert_eq!((&*nodes.name(first[1]), &*nodes.name(again[1])), ("", "/a/x"));
    }

    #[test]
    fn finding_defect_3_places_are_given_back_and_the_key_of_a_former_node_finds_nothing() {
        let mut nodes = Nodes::with_capacity(0);
        let stays: Vec<NodeId> = nodes.open("/stays", ENDS, 0).collect();
        let mut former: Vec<NodeId> = Vec::new();
        for turn in 0..1000 {
            nodes.give_back();
            let new: Vec<NodeId> = nodes.open(&format!("/{turn}"), ENDS, 0).collect();
            let old = nodes.others(&HashSet::from([format!("/{turn}"), "/stays".to_owned()]));
            nodes.close(&old);
            former.extend(old);
            for (age, node) in former.iter().rev().enumerate() {
                assert!(!nodes.has(*node) && !new.contains(node), "{turn}");
                // Those that were removed just now still have their names.
                assert_eq!(nodes.name(*node).is_empty(), age >= ENDS.len(), "{turn}");
            }
            former.drain(..former.len().saturating_sub(60));
        }
        assert_eq!((nodes.places(), nodes.names.len(), nodes.keys().count()), (3, 2, 6));
        assert_eq!(nodes.find("/stays/x"), Some(stays[1]));
    }
}
