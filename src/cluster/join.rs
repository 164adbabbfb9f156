//! How an appliance comes to the stream: what it finds there, and where it reads on.

use std::time::Duration;

use redis::{Pipeline, Value};

use crate::cluster::connection::{Connection, PATIENCE, SHORT, all, one, text};
use crate::cluster::record::{EntryId, Kind, VERSION_TEXT};
use crate::cluster::seen::Seen;
use crate::cluster::settings::Settings;
use crate::cluster::trouble::Trouble;

/// How long a snapshot may take.
pub(super) const SNAPSHOT_PATIENCE: Duration = Duration::from_secs(20);

/// How long entries stay that a snapshot has in it, in milliseconds: an appliance that reads a little later finds them all the same.
const KEPT: u64 = 10_000;

/// A state, and the entry up to which it has all of them.
pub(super) struct State {
    pub id: EntryId,
    pub bytes: Vec<u8>,
    pub seen: Seen,
}

/// The stream and the snapshot as an appliance finds them when it joins.
pub(super) struct Joined {
    /// The configuration of the appliance that stored the last snapshot.
    pub sections: Vec<u8>,
    /// The last entry of the stream.
    pub until: EntryId,
    /// The entry behind which it reads on.
    pub from: EntryId,
    /// The snapshot that takes the place of the appliance's own state; `None`: that state is still good.
    pub state: Option<State>,
}

/// Looks at the stream, or makes it. `at`: the last entry that was read, if there was one.
pub(super) async fn join(
    connection: &mut Connection,
    settings: &Settings,
    at: Option<EntryId>,
) -> Result<Joined, Trouble> {
    let (key, snapshot_key) = (settings.key.as_str(), settings.snapshot_key());
    let mut commands = Pipeline::new();
    commands.cmd("TYPE").arg(key);
    commands.cmd("TYPE").arg(&snapshot_key);
    commands.cmd("HMGET").arg(&snapshot_key).arg(&["version", "domain", "sections", "id"]);
    let mut answers = connection.ask(&commands, SHORT + settings.sections.len(), PATIENCE).await?.into_iter();
    let mut next = || answers.next().unwrap_or_default();
    for (key, wanted) in [(key, "stream"), (&*snapshot_key, "hash")] {
        let found = text(&one(next())?).unwrap_or_default();
        if found != "none" && found != wanted {
            return Err(Trouble::lasting(format!(
                "the key {key} of the engine is a {found} and no {wanted} of callboard; name another key, or delete that one there"
            )));
        }
    }
    let held = read_snapshot(settings, strings(one(next())?))?;

    let mut commands = Pipeline::new();
    let header = commands.cmd("XADD").arg(key);
    // Where there was a stream before, an empty one must not take its place.
    if at.is_some() || held.is_some() {
        header.arg("NOMKSTREAM");
    }
    // The header's XADD fails where the stream is there already, which shows whether the stream may be written to.
    header.arg(EntryId::FIRST.to_string()).arg("version").arg(VERSION_TEXT);
    header.arg("domain").arg(&settings.domain).arg("sections").arg(&settings.sections);
    commands.cmd("XRANGE").arg(key).arg("-").arg("+").arg("COUNT").arg(1);
    commands.cmd("XREVRANGE").arg(key).arg("+").arg("-").arg("COUNT").arg(1);
    for id in [at, held.as_ref().map(|held| held.id)] {
        let id = id.unwrap_or(EntryId::FIRST).to_string();
        commands.cmd("XRANGE").arg(key).arg(&id).arg(&id);
    }
    let room = 4 * (SHORT + settings.bounds.entry);
    let mut answers = connection.ask(&commands, room, PATIENCE).await?.into_iter();
    let mut next = || answers.next().unwrap_or_default();
    match next() {
        Value::ServerError(error)
            if error.details().is_some_and(|words| words.contains("equal or smaller")) => {}
        answer => {
            one(answer)?;
        }
    }
    let [first, last, own, of_snapshot] = [(); 4].map(|()| one(next()).map(entries));
    let (first, last) = (first?.into_iter().next(), last?.into_iter().next());
    let (own, of_snapshot) = (!own?.is_empty(), !of_snapshot?.is_empty());
    let Some(((first, fields), (until, _))) = first.zip(last) else {
        return Err(Trouble::lasting(format!(
            "the stream {key} is gone from the engine, or has been emptied; restore it, or delete {snapshot_key} too and start every \
             appliance anew"
        )));
    };
    let header = (first == EntryId::FIRST).then(|| read_header(settings, &fields)).transpose()?;
    let sections = held.as_ref().map(|held| held.sections.clone()).or(header).unwrap_or_default();
    if let Some(at) = at.filter(|_| own) {
        return Ok(Joined { sections, until, from: at, state: None });
    }
    if held.is_some() && of_snapshot {
        let state = load(connection, settings).await?;
        return Ok(Joined { sections, until, from: state.id, state: Some(state) });
    }
    if held.is_none() && first == EntryId::FIRST {
        // The stream has other entries than those that were read before.
        let anew = at.map(|_| State { id: EntryId::FIRST, bytes: Vec::new(), seen: Seen::default() });
        return Ok(Joined { sections, until, from: EntryId::FIRST, state: anew });
    }
    Err(Trouble::lasting(match held {
        Some(held) => format!(
            "the stream {key} has no entry {} any more, up to which the snapshot has all; it was trimmed by somebody else: delete both \
             keys and start every appliance anew",
            held.id
        ),
        None => format!(
            "the stream {key} begins at {first} without a header of callboard, and there is no snapshot; name another key, or delete it \
             and start every appliance anew"
        ),
    }))
}

/// A snapshot without its state.
struct Held {
    id: EntryId,
    sections: Vec<u8>,
}

fn read_snapshot(settings: &Settings, fields: Vec<Option<Vec<u8>>>) -> Result<Option<Held>, Trouble> {
    if fields.iter().all(Option::is_none) {
        return Ok(None);
    }
    let [version, domain, sections, id] = <[_; 4]>::try_from(fields).unwrap_or_default();
    let snapshot_key = settings.snapshot_key();
    let (version, domain) = (version.unwrap_or_default(), domain.unwrap_or_default());
    if let Some(misfit) = (Kind { version: &version, domain: &domain }).misfit(&settings.domain) {
        return Err(Trouble::lasting(format!("the snapshot {snapshot_key} {misfit}")));
    }
    let id = id.and_then(|id| EntryId::parse(&id)).ok_or_else(|| damaged(&snapshot_key))?;
    Ok(Some(Held { id, sections: sections.unwrap_or_default() }))
}

fn read_header(settings: &Settings, fields: &[(Vec<u8>, Vec<u8>)]) -> Result<Vec<u8>, Trouble> {
    let field = |name: &str| {
        let found = fields.iter().find(|(field, _)| field == name.as_bytes());
        found.map(|(_, value)| value.as_slice()).unwrap_or_default()
    };
    match (Kind { version: field("version"), domain: field("domain") }).misfit(&settings.domain) {
        Some(misfit) => Err(Trouble::lasting(format!("the stream {} {misfit}", settings.key))),
        None => Ok(field("sections").to_vec()),
    }
}

fn damaged(key: &str) -> Trouble {
    Trouble::lasting(format!(
        "the snapshot {key} is damaged; delete both keys and start every appliance anew"
    ))
}

/// Loads the snapshot, which may have become a later one meanwhile.
async fn load(connection: &mut Connection, settings: &Settings) -> Result<State, Trouble> {
    let snapshot_key = settings.snapshot_key();
    let mut commands = Pipeline::new();
    commands.cmd("HMGET").arg(&snapshot_key).arg(&["id", "seen", "state"]);
    let room = settings.bounds.snapshot + (4 << 20);
    let answer = connection.ask(&commands, room, SNAPSHOT_PATIENCE).await?;
    let answer = all(answer)?.pop().unwrap_or_default();
    let read = || {
        let [id, seen, bytes] = <[_; 3]>::try_from(strings(answer)).ok()?;
        Some(State { id: EntryId::parse(&id?)?, bytes: bytes?, seen: Seen::read(&seen?)? })
    };
    read().ok_or_else(|| damaged(&snapshot_key))
}

/// Stores a snapshot if it is later than the one that is there, and shortens the stream below it. The engine runs a script as a
/// whole: of two that store at the same time the later state stays, whichever comes first.
const STORE: &str = "\
local held = redis.call('HGET', KEYS[2], 'id')
if held then
  local ms, seq = string.match(held, '^(%d+)-(%d+)$')
  ms, seq = tonumber(ms), tonumber(seq)
  local new = tonumber(ARGV[1])
  if ms > new or ms == new and seq >= tonumber(ARGV[2]) then return 0 end
end
redis.call('HSET', KEYS[2], 'version', ARGV[4], 'domain', ARGV[5], 'sections', ARGV[6],
  'id', ARGV[1] .. '-' .. ARGV[2], 'seen', ARGV[7], 'state', ARGV[8])
redis.call('XTRIM', KEYS[1], 'MINID', ARGV[3])
return 1";

/// Stores a snapshot. Returns false if a later one is there.
pub(super) async fn store(
    connection: &mut Connection,
    settings: &Settings,
    state: &State,
) -> Result<bool, Trouble> {
    let mut commands = Pipeline::new();
    let State { id, bytes, seen } = state;
    let stays = id.ms.saturating_sub(KEPT);
    let script = commands.cmd("EVAL").arg(STORE).arg(2).arg(&settings.key).arg(settings.snapshot_key());
    script.arg(id.ms).arg(id.seq).arg(stays).arg(VERSION_TEXT).arg(&settings.domain).arg(&settings.sections);
    script.arg(seen.written()).arg(bytes);
    let answer = all(connection.ask(&commands, SHORT, SNAPSHOT_PATIENCE).await?)?;
    Ok(matches!(answer.first(), Some(Value::Int(1))))
}

/// The texts of an answer that is an array of them.
fn strings(answer: Value) -> Vec<Option<Vec<u8>>> {
    let Value::Array(values) = answer else { return Vec::new() };
    let text = |value| match value {
        Value::BulkString(bytes) => Some(bytes),
        _ => None,
    };
    values.into_iter().map(text).collect()
}

/// An entry with its fields, whatever they are.
pub(super) type Raw = (EntryId, Vec<(Vec<u8>, Vec<u8>)>);

/// The entries of an answer that is an array of them.
pub(super) fn entries(answer: Value) -> Vec<Raw> {
    let Value::Array(values) = answer else { return Vec::new() };
    let entry = |value| {
        let Value::Array(parts) = value else { return None };
        let [Value::BulkString(id), fields] = <[_; 2]>::try_from(parts).ok()? else { return None };
        let mut fields = strings(fields).into_iter().map(Option::unwrap_or_default);
        let mut pairs = Vec::new();
        while let (Some(name), Some(value)) = (fields.next(), fields.next()) {
            pairs.push((name, value));
        }
        Some((EntryId::parse(&id)?, pairs))
    };
    values.into_iter().filter_map(entry).collect()
}
