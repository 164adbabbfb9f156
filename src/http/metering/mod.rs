//! Meters: what the ways of getting events cost, counted for those requests only that name a run in their query, as the
//! built-in page does to compare them.
//!
//! A page cannot see the headers that its browser sends, nor the connections it opens; so the server counts.

pub(crate) mod upgrade;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::json;
use crate::net::traffic::Traffic;

/// The most runs there are. A further run takes the place of the one that was not used for the longest time.
const RUNS_MAX: usize = 64;

/// The most connections of one way of one run that are counted at the same time. The bytes of further ones are not.
const SEGMENTS_MAX: usize = 64;

/// The ways in which a client can hear of a change. A poll that closes its connection is what HTTP/1.0 had, and one that keeps it
/// for whole documents what HTTP/1.1 began with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Close,
    Keep,
    Poll,
    Bosh,
    Sse,
    WebSocket,
}

impl Way {
    const NAMES: [&'static str; 6] = ["close", "keep", "poll", "bosh", "sse", "ws"];
}

/// The run that a request belongs to, and the way it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    pub run: Box<str>,
    pub way: Way,
}

/// The part of a connection that belongs to one request, or to all that comes after an upgrade.
#[derive(Debug)]
struct Segment {
    traffic: Arc<Traffic>,
    /// Where it begins.
    read: u64,
    written: u64,
}

/// The cost of one way.
#[derive(Debug, Default)]
struct Tally {
    requests: u64,
    empty: u64,
    connections: u64,
    up: u64,
    down: u64,
    open: Vec<Segment>,
}

impl Tally {
    fn close(&mut self, traffic: &Arc<Traffic>, read: u64, written: u64) {
        if let Some(place) = self.open.iter().position(|segment| Arc::ptr_eq(&segment.traffic, traffic)) {
            let segment = self.open.swap_remove(place);
            self.up += read.saturating_sub(segment.read);
            self.down += written.saturating_sub(segment.written);
        }
    }

    /// Ends what belongs to connections that are gone: nobody else holds their traffic.
    fn sweep(&mut self) {
        while let Some(gone) =
            self.open.iter().map(|segment| &segment.traffic).find(|traffic| Arc::strong_count(traffic) == 1)
        {
            let gone = gone.clone();
            self.close(&gone, gone.bytes_read(), gone.bytes_written());
        }
    }

    fn write(&mut self, out: &mut String) {
        self.sweep();
        let (mut up, mut down) = (self.up, self.down);
        for Segment { traffic, read, written } in &self.open {
            up += traffic.bytes_read().saturating_sub(*read);
            down += traffic.bytes_written().saturating_sub(*written);
        }
        let Self { requests, empty, connections, .. } = self;
        json::object(out, |object| {
            object.plain("requests", requests);
            object.plain("empty", empty);
            object.plain("connections", connections);
            object.plain("up", up);
            object.plain("down", down);
        });
    }
}

/// A comparison.
#[derive(Debug, Default)]
struct Run {
    id: Box<str>,
    ways: [Tally; Way::NAMES.len()],
    /// The last upgrade to a WebSocket, as JSON.
    upgrade: Option<String>,
}

/// All runs, the one that was used last at the end.
#[derive(Debug, Default)]
pub struct Meters {
    runs: VecDeque<Run>,
}

impl Meters {
    /// Begins a run under a name that nobody can guess.
    pub fn begin(&mut self, id: &str) {
        if self.runs.len() == RUNS_MAX {
            self.runs.pop_front();
        }
        self.runs.push_back(Run { id: id.into(), ..Run::default() });
    }

    /// Whether there is such a run.
    pub fn has(&self, id: &str) -> bool {
        self.runs.iter().any(|run| *run.id == *id)
    }

    /// Shows the cost of a run as JSON.
    pub fn figures(&mut self, id: &str) -> Option<String> {
        let run = self.used(id)?;
        Some(json::document(|object| {
            object.object("ways", |ways| {
                for (name, tally) in Way::NAMES.iter().zip(&mut run.ways) {
                    ways.with(name, |out| tally.write(out));
                }
            });
            object.plain("upgrade", run.upgrade.as_deref().unwrap_or("null"));
        }))
    }

    /// Notes an upgrade, as JSON.
    pub fn upgraded(&mut self, id: &str, upgrade: String) {
        if let Some(run) = self.used(id) {
            run.upgrade = Some(upgrade);
        }
    }

    fn used(&mut self, id: &str) -> Option<&mut Run> {
        let place = self.runs.iter().position(|run| *run.id == *id)?;
        let run = self.runs.remove(place)?;
        self.runs.push_back(run);
        self.runs.back_mut()
    }

    fn tally(&mut self, tag: &Tag) -> Option<&mut Tally> {
        self.used(&tag.run).map(|run| &mut run.ways[tag.way as usize])
    }
}

/// A connection, request by request.
#[derive(Debug)]
pub struct Line {
    traffic: Arc<Traffic>,
    /// The run and the way of the request that was last begun.
    tag: Option<Tag>,
    /// The tags for which this connection was counted.
    counted: Vec<Tag>,
    /// How many bytes had come in when the last request was over.
    read: u64,
    upgraded: bool,
}

impl Line {
    /// Of a new connection.
    pub fn new(traffic: Arc<Traffic>) -> Self {
        Self { traffic, tag: None, counted: Vec::new(), read: 0, upgraded: false }
    }

    /// A request's head has come in: what went out since the last one belongs to that.
    pub fn begin(&mut self, meters: &mut Meters, tag: Option<Tag>) {
        self.finish(meters);
        let Some(tally) = tag.as_ref().and_then(|tag| meters.tally(tag)) else {
            self.read = self.traffic.bytes_read();
            return;
        };
        tally.requests += 1;
        if let Some(tag) = &tag
            && !self.counted.contains(tag)
            && self.counted.len() < SEGMENTS_MAX
        {
            tally.connections += 1;
            self.counted.push(tag.clone());
        }
        if tally.open.len() >= SEGMENTS_MAX {
            tally.sweep();
        }
        if tally.open.len() < SEGMENTS_MAX {
            let written = self.traffic.bytes_written();
            tally.open.push(Segment { traffic: self.traffic.clone(), read: self.read, written });
        }
        self.tag = tag;
    }

    /// Whether the last request belongs to a run.
    pub fn is_counted(&self) -> bool {
        self.tag.is_some()
    }

    /// Ends the measurement: the body has come in too, and the answer is about to go out.
    pub fn end(&mut self, meters: &mut Meters, empty: bool) {
        self.read = self.traffic.bytes_read();
        if let Some(tally) = self.tag.as_ref().filter(|_| empty).and_then(|tag| meters.tally(tag)) {
            tally.empty += 1;
        }
    }

    /// From now on everything belongs to the last request.
    pub fn upgrade(&mut self) {
        self.upgraded = true;
    }

    /// The connection is over, or the next request begins.
    pub fn finish(&mut self, meters: &mut Meters) {
        if self.upgraded {
            return;
        }
        if let Some(tally) = self.tag.take().and_then(|tag| meters.tally(&tag)) {
            tally.close(&self.traffic, self.read, self.traffic.bytes_written());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(way: Way) -> Option<Tag> {
        Some(Tag { run: "r".into(), way })
    }

    fn figures(meters: &mut Meters, way: &str) -> String {
        let all = meters.figures("r").expect("the run is there");
        let start = all.find(&format!("\"{way}\":")).expect("the way is there") + way.len() + 3;
        all[start..].split_inclusive('}').next().unwrap_or_default().to_owned()
    }

    #[test]
    fn each_request_has_its_bytes() {
        let mut meters = Meters::default();
        meters.begin("r");
        let traffic = Arc::<Traffic>::default();
        let mut line = Line::new(traffic.clone());
        traffic.read(100);
        line.begin(&mut meters, tag(Way::Poll));
        line.end(&mut meters, false);
        traffic.wrote(1000);
        traffic.read(200);
        line.begin(&mut meters, tag(Way::Bosh));
        traffic.read(50);
        line.end(&mut meters, true);
        traffic.wrote(10);
        traffic.read(7);
        line.begin(&mut meters, None);
        line.end(&mut meters, true);
        traffic.wrote(5);
        traffic.read(100);
        line.begin(&mut meters, tag(Way::Poll));
        line.end(&mut meters, true);
        traffic.wrote(20);
        let poll = "{\"requests\":2,\"empty\":1,\"connections\":1,\"up\":200,\"down\":1020}";
        assert_eq!(figures(&mut meters, "poll"), poll);
        let bosh = "{\"requests\":1,\"empty\":1,\"connections\":1,\"up\":250,\"down\":10}";
        assert_eq!(figures(&mut meters, "bosh"), bosh);
        line.finish(&mut meters);
        assert_eq!(figures(&mut meters, "poll"), poll);
    }

    #[test]
    fn what_follows_an_upgrade_counts_as_long_as_the_connection_lives() {
        let mut meters = Meters::default();
        meters.begin("r");
        let traffic = Arc::<Traffic>::default();
        let mut line = Line::new(traffic.clone());
        traffic.read(10);
        line.begin(&mut meters, tag(Way::WebSocket));
        line.end(&mut meters, false);
        line.upgrade();
        line.finish(&mut meters);
        drop(line);
        traffic.wrote(30);
        traffic.read(5);
        let ws = "{\"requests\":1,\"empty\":0,\"connections\":1,\"up\":15,\"down\":30}";
        assert_eq!(figures(&mut meters, "ws"), ws);
        drop(traffic);
        assert_eq!(figures(&mut meters, "ws"), ws);
        assert!(meters.runs[0].ways[4].open.is_empty());
    }

    #[test]
    fn the_run_that_was_not_used_for_the_longest_time_goes_first() {
        let mut meters = Meters::default();
        meters.begin("r");
        for number in 1..RUNS_MAX {
            meters.begin(&number.to_string());
        }
        assert!(meters.figures("r").is_some());
        meters.begin("new");
        assert!(meters.has("r") && meters.has("new") && !meters.has("1") && meters.has("2"));
        assert_eq!(meters.figures("1"), None);
    }
}
