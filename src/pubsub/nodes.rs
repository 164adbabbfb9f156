//! The nodes. A contact centre has several for each user, and most of them never see a subscriber or an event: of nodes whose
//! names begin alike, only that beginning is kept.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// The ends of the names of nodes behind a common beginning: nothing, or up to [`SLASHES`] segments.
pub type Ends = &'static [&'static str];

/// No end has more slashes than this.
const SLASHES: usize = 2;

/// A branch has no more nodes than this.
const WIDTH: usize = 8;

/// The key of a node: the place of its branch, and that of its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(super) u32);

impl NodeId {
    fn new(branch: usize, end: usize) -> Self {
        Self(u32::try_from(branch * WIDTH + end).unwrap_or(u32::MAX))
    }

    fn branch(self) -> usize {
        self.0 as usize / WIDTH
    }

    fn end(self) -> usize {
        self.0 as usize % WIDTH
    }
}

/// The nodes whose names begin with one name.
#[derive(Debug, PartialEq, Eq)]
struct Branch {
    name: Rc<str>,
    ends: Ends,
    /// A removed node leaves its place for another of the same name.
    is_open: bool,
}

/// The nodes, in the order in which each was made first.
#[derive(Debug, PartialEq, Eq)]
pub struct Nodes {
    branches: Vec<Branch>,
    /// By name. A removed node keeps its entry.
    places: HashMap<Rc<str>, usize>,
}

impl Nodes {
    /// No nodes, with room for `branches`.
    pub fn with_capacity(branches: usize) -> Self {
        Self { branches: Vec::with_capacity(branches), places: HashMap::with_capacity(branches) }
    }

    /// Makes the nodes of that name with these ends, or changes their ends. Returns the nodes.
    pub fn open(&mut self, name: &str, ends: Ends) -> impl Iterator<Item = NodeId> + use<> {
        debug_assert!(ends.len() <= WIDTH && ends.iter().all(|end| end.matches('/').count() <= SLASHES));
        let place = self.places.get(name).copied().unwrap_or(self.branches.len());
        match self.branches.get_mut(place) {
            Some(branch) => (branch.ends, branch.is_open) = (ends, true),
            None => {
                let name: Rc<str> = name.into();
                self.places.insert(name.clone(), place);
                self.branches.push(Branch { name, ends, is_open: true });
            }
        }
        (0..ends.len()).map(move |end| NodeId::new(place, end))
    }

    /// The nodes whose branch has none of these names.
    pub fn others(&self, names: &HashSet<String>) -> Vec<NodeId> {
        let is_other = |node: &NodeId| !names.contains(&*self.branches[node.branch()].name);
        self.keys().filter(is_other).collect()
    }

    /// Removes the branches of these nodes.
    pub fn close(&mut self, nodes: &[NodeId]) {
        for node in nodes {
            self.branches[node.branch()].is_open = false;
        }
    }

    /// The node of that name.
    pub fn find(&self, name: &str) -> Option<NodeId> {
        let cuts = name.rmatch_indices('/').map(|(cut, _)| cut).take(SLASHES);
        [name.len()].into_iter().chain(cuts).find_map(|cut| {
            let (name, end) = name.split_at(cut);
            let place = *self.places.get(name)?;
            let branch = self.branches.get(place).filter(|branch| branch.is_open)?;
            let end = branch.ends.iter().position(|other| *other == end)?;
            Some(NodeId::new(place, end))
        })
    }

    /// The name of a node, a removed one too.
    pub fn name(&self, node: NodeId) -> Rc<str> {
        // A NodeId is made here only, and its place stays.
        let Branch { name, ends, .. } = &self.branches[node.branch()];
        match ends[node.end()] {
            "" => name.clone(),
            end => [name, end].concat().into(),
        }
    }

    /// The nodes that have not been removed.
    pub fn keys(&self) -> impl Iterator<Item = NodeId> {
        let open = self.branches.iter().enumerate().filter(|(_, branch)| branch.is_open);
        open.flat_map(|(place, branch)| (0..branch.ends.len()).map(move |end| NodeId::new(place, end)))
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
            .flat_map(|(name, ends)| nodes.open(name, ends))
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
    fn what_is_taken_away_keeps_its_key_and_name() {
        let mut nodes = Nodes::with_capacity(0);
        let first: Vec<NodeId> = nodes.open("/a", ENDS).collect();
        let second: Vec<NodeId> = nodes.open("/b", ENDS).collect();
        let names = HashSet::from(["/b".to_owned()]);
        assert_eq!(nodes.others(&names), first);
        nodes.close(&first);
        assert_eq!(nodes.others(&names), []);
        assert_eq!((nodes.find("/a"), nodes.find("/a/x"), nodes.find("/b/x")), (None, None, Some(second[1])));
        assert_eq!(nodes.keys().collect::<Vec<_>>(), second);
        assert_eq!(&*nodes.name(first[1]), "/a/x");
        assert!(nodes.open("/a", ENDS).eq(first));
        assert!(nodes.find("/a/x").is_some());
    }
}
