//! What the flags of a command that connects make of a user's words: where it goes, whom it trusts, and how it logs in.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::OFlags;
use rustix::io::Errno;
use zeroize::Zeroizing;

use super::connection::Target;
use super::target;
use super::tls::{Recorder, Trust};
use crate::cli;
use crate::commands::{Exit, passwd};
use crate::probe::shown_url;

/// How long the first line of a file may be, in bytes.
const LINE_MAX: u64 = 4096;

/// What has come of something, or why there is nothing: an exit code and a sentence.
pub type Told<T> = Result<T, (Exit, String)>;

/// Where the frames of a connection come from.
pub enum Input {
    Server(Target),
    File(PathBuf),
}

/// What flags make of a user's words.
pub struct Setting {
    /// Each with its name in reports.
    pub inputs: Vec<(Input, String)>,
    pub recorder: Arc<Recorder>,
    pub login: Option<(String, Zeroizing<String>)>,
}

pub fn setting(flags: &cli::Probe) -> io::Result<Told<Setting>> {
    let wrong = |sentence| (Exit::WrongUsage, sentence);
    let to_mend = |sentence| (Exit::ToMend, sentence);
    let read = || {
        let input = |name: String| match flags.compare && !name.contains("://") {
            true => Ok((Input::File((&name).into()), name)),
            false => target::target(&name).map(|target| (Input::Server(target), shown_url(&name))),
        };
        let named = |name: &String| match &flags.transport {
            Some(transports) => target::addresses(name, transports),
            None => Ok(vec![name.clone()]),
        };
        let names = flags.url.iter().map(named).collect::<Result<Vec<_>, _>>().map_err(wrong)?;
        let inputs = names.into_iter().flatten().map(input).collect::<Result<Vec<_>, _>>().map_err(wrong)?;
        let trust = Trust {
            insecure: flags.insecure,
            pin: flags.pin.as_ref().map(|pin| pin.replace(':', "").to_ascii_lowercase()),
        };
        if trust
            .pin
            .as_ref()
            .is_some_and(|pin| pin.len() != 64 || !pin.bytes().all(|byte| byte.is_ascii_hexdigit()))
        {
            return Err(wrong(
                "--pin is a SHA-256: 64 hexadecimal digits, with colons or without".to_owned(),
            ));
        }
        let recorder = Recorder::new(flags.ca.as_deref(), trust).map_err(to_mend)?;
        let password = flags.password_file.as_ref().map(|path| {
            let text = first_line(path).map_err(|error| to_mend(of_file(path, error)))?;
            Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
        });
        Ok((inputs, recorder, password.transpose()?))
    };
    let (inputs, recorder, password) = match read() {
        Ok(read) => read,
        Err(refused) => return Ok(Err(refused)),
    };
    let is_asked = inputs.iter().any(|(input, _)| matches!(input, Input::Server(_)));
    let password = match (password, &flags.user) {
        (None, Some(_)) if is_asked => match String::from_utf8(passwd::ask()?) {
            Ok(text) => Some(Zeroizing::new(text)),
            Err(_) => return Ok(Err(to_mend("the password must be UTF-8".to_owned()))),
        },
        (password, _) => password,
    };
    Ok(Ok(Setting { inputs, recorder, login: flags.user.clone().zip(password) }))
}

/// The start of a file, in which its first line is. Not each file has an end.
fn first_line(path: &Path) -> io::Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::new());
    fs::File::open(path)?.take(LINE_MAX).read_to_end(&mut bytes)?;
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if line.len() as u64 == LINE_MAX {
        return Err(io::Error::other("its first line is longer than 4 KiB"));
    }
    let text = std::str::from_utf8(line).map_err(|_| io::Error::other("it is not UTF-8"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Writes a report, which others cannot read if the file is a new one: what agents say to each other may stand in it. A symbolic
/// link to a file is not followed, as somebody else may have put it there; a pipe or a terminal may be named by one.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let is_special = fs::metadata(path).is_ok_and(|about| !about.is_file());
    if !is_special {
        options.custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    }
    let mut file = options.open(path).map_err(|error| match error.raw_os_error() {
        Some(code) if code == Errno::LOOP.raw_os_error() => {
            io::Error::other("it is a symbolic link; name the file itself")
        }
        _ => error,
    })?;
    file.write_all(text.as_bytes())
}

/// The sentence for a file that cannot be read or written.
pub fn of_file(path: &Path, error: impl std::fmt::Display) -> String {
    format!("{}: {error}", path.display())
}
