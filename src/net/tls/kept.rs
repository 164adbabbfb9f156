//! The certificate that the server makes for itself, and keeps over a restart: clients that trust it go on to do so.
//!
//! Certificate and key stand in one file, so that they always belong together. The file is written beside and renamed, under a
//! lock of its folder (flock(2)): of two servers that start at once the second takes what the first has made.

use std::env;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use rustix::fs::{FlockOperation, flock};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::config::SelfSigned;
use crate::net::clock::now;
use crate::net::tls::certificate::Certificate;
use crate::net::tls::self_signed::{Made, make};
use crate::net::tls::{Identity, pem_of, server};

/// The file in the folder for state.
const NAME: &str = "certificate-and-key.pem";

/// The end of the name under which a file is put aside that is not what it should be.
const ASIDE: &str = "unusable";

/// How often and after which time the lock of the folder is asked for, before it is done without.
const LOCK_TRIES: usize = 40;
const LOCK_WAIT: Duration = Duration::from_millis(50);

/// The longest file that is read, in bytes.
const LONGEST: u64 = 256 * 1024;

/// The folder that keeps the certificate: that of the configuration or a flag, the one that a service manager gives
/// (systemd.exec(5)), or that of the user (XDG Base Directory Specification); `None`: the environment names none.
pub fn folder(wanted: &SelfSigned, variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    // What is not absolute counts as unset, as the specification says.
    let path = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let of_service = || {
        let folders = variable("STATE_DIRECTORY")?.into_string().ok()?;
        folders.split(':').next().map(PathBuf::from).filter(|path| path.is_absolute())
    };
    let of_user = || path("XDG_STATE_HOME").or_else(|| Some(path("HOME")?.join(".local/state")));
    wanted.state_dir.clone().or_else(of_service).or_else(|| Some(of_user()?.join(env!("CARGO_PKG_NAME"))))
}

/// The folder for this process, if the configuration names that one.
#[cfg(feature = "replica")]
pub(crate) fn folder_of(state_dir: Option<PathBuf>) -> Option<PathBuf> {
    own_folder(&SelfSigned { names: Vec::new(), state_dir })
}

/// The folder for this process.
pub(crate) fn own_folder(wanted: &SelfSigned) -> Option<PathBuf> {
    folder(wanted, |name| env::var_os(name))
}

/// The file that a folder keeps.
pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

/// A certificate that was read from its file.
pub(crate) struct Kept {
    pub identity: Identity,
    /// The fields of it.
    pub certificate: Certificate,
}

/// Reads the certificate that a folder keeps; `None`: there is none.
///
/// # Errors
///
/// Returns the end of a sentence that says what is wrong with the file.
pub(crate) fn read(folder: &Path) -> Result<Option<Kept>, String> {
    let path = path(folder);
    let length = match fs::metadata(&path) {
        Ok(file) if file.is_file() => file.len(),
        Ok(_) => return Err("is no file".to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("cannot be read: {error}")),
    };
    if length > LONGEST {
        return Err("is longer than a certificate with its key".to_owned());
    }
    let pem = fs::read(&path).map_err(|error| format!("cannot be read: {error}"))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty());
    let key = PrivateKeyDer::from_pem_slice(&pem);
    let (Some(chain), Ok(key)) = (chain, key) else {
        return Err("has no certificate with its key in PEM form".to_owned());
    };
    let certificate = Certificate::read(&chain[0]).ok_or("has a certificate of an unknown form")?;
    let identity = server(chain, key, true).map_err(|error| format!("cannot be used: {error}"))?;
    let identity = Identity { kept_in: Some(folder.to_owned()), ..identity };
    Ok(Some(Kept { identity, certificate }))
}

/// Returns the certificate that is kept, or makes one if there is none that fits. `earlier`: that in use, which stays as long as it
/// fits if none can be kept or the file is broken.
///
/// # Errors
///
/// No certificate can be made.
pub fn identity(wanted: &SelfSigned, earlier: Option<&Identity>) -> Result<Identity, String> {
    let now = now().wall;
    let earlier = earlier.filter(|earlier| misfit(wanted, earlier, now).is_none());
    let unkept = |why: String| {
        if let Some(earlier) = earlier {
            return Ok(earlier.clone());
        }
        log::warn!("the certificate is not kept over a restart, so clients have to be told anew then: {why}");
        let made = make(&wanted.names, now)?;
        made.identity().map_err(|error| error.to_string())
    };
    let Some(folder) = own_folder(wanted) else {
        return unkept("neither state_dir nor the environment names a folder for it".to_owned());
    };
    if let (Some(earlier), Err(end)) = (earlier, read(&folder)) {
        // Clients trust the one in use. What is in the file is for the next start.
        log::warn!(
            "{} {end}; the certificate in use stays, and the next start makes another one",
            path(&folder).display()
        );
        return Ok(earlier.clone());
    }
    match prepare(&folder, wanted, now) {
        Ok(identity) => Ok(identity),
        Err(error) => unkept(format!("{} cannot be used: {error}", folder.display())),
    }
}

/// Why another certificate has to take the place of one that the server made, if it has to; the end of a sentence.
pub(crate) fn misfit(wanted: &SelfSigned, identity: &Identity, now: SystemTime) -> Option<String> {
    let certificate = identity.chain.first().filter(|_| identity.self_signed);
    match certificate.and_then(|certificate| Certificate::read(certificate)) {
        Some(certificate) => certificate.misfit(now, &wanted.names),
        None => Some("is not one that the server made".to_owned()),
    }
}

/// Takes the certificate out of the folder, or puts one into it.
fn prepare(folder: &Path, wanted: &SelfSigned, now: SystemTime) -> io::Result<Identity> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let held = File::open(folder)?;
    lock(&held);
    let path = path(folder);
    match read(folder) {
        Ok(Some(Kept { identity, certificate })) => match certificate.misfit(now, &wanted.names) {
            None => return Ok(identity),
            Some(end) => log::warn!(
                "the certificate in {} {end}: another one takes its place, and clients have to be told of it",
                folder.display()
            ),
        },
        Ok(None) => {}
        Err(end) => {
            let aside = path.with_extension(ASIDE);
            fs::rename(&path, &aside)?;
            log::warn!("{} {end}; it is now {}, and another one is made", path.display(), aside.display());
        }
    }
    let made = make(&wanted.names, now).map_err(io::Error::other)?;
    write(folder, &held, &made.pem())?;
    let identity = made.identity().map_err(io::Error::other)?;
    Ok(Identity { kept_in: Some(folder.to_owned()), ..identity })
}

/// Locks a folder for as long as the file is open. A file system without locks, or a process that holds the lock for long,
/// does not keep the server from starting.
fn lock(folder: &File) {
    for _ in 0..LOCK_TRIES {
        match flock(folder, FlockOperation::NonBlockingLockExclusive) {
            Err(rustix::io::Errno::WOULDBLOCK) => thread::sleep(LOCK_WAIT),
            Ok(()) | Err(_) => return,
        }
    }
}

/// Writes the file whole: nobody ever reads a part of it, not even after the power has failed.
fn write(folder: &Path, held: &File, pem: &str) -> io::Result<()> {
    let beside = folder.join(format!("{NAME}.{}", std::process::id()));
    // What an earlier process of that number has left behind.
    let _ = fs::remove_file(&beside);
    let written =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside).and_then(|mut file| {
            file.write_all(pem.as_bytes())?;
            file.sync_all()?;
            fs::rename(&beside, path(folder))
        });
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written?;
    held.sync_all()
}

impl Made {
    fn pem(&self) -> String {
        pem_of("CERTIFICATE", &self.certificate) + &pem_of("PRIVATE KEY", &self.key)
    }

    fn identity(self) -> Result<Identity, rustls::Error> {
        server(vec![self.certificate], PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key)), true)
    }
}

#[cfg(test)]
mod tests {
    use rcgen::date_time_ymd;
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// A folder of its own for a test, which is not there yet.
    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            static COUNT: AtomicUsize = AtomicUsize::new(0);
            let name =
                format!("callboard-kept-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
            Self(env::temp_dir().join(name))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn wanted(folder: &Path, names: &[&str]) -> SelfSigned {
        let names = names.iter().map(ToString::to_string).collect();
        SelfSigned { names, state_dir: Some(folder.to_owned()) }
    }

    fn on(year: i32, month: u8, day: u8) -> SystemTime {
        date_time_ymd(year, month, day).into()
    }

    #[test]
    fn the_folder_is_that_of_the_configuration_of_the_service_or_of_the_user() {
        let variables = |set: &'static [(&str, &str)]| {
            move |name: &str| {
                set.iter().find(|(other, _)| *other == name).map(|(_, value)| OsString::from(value))
            }
        };
        let found = |state_dir: Option<&str>, set| {
            let wanted = SelfSigned { names: Vec::new(), state_dir: state_dir.map(PathBuf::from) };
            folder(&wanted, variables(set)).map(|path| path.to_str().unwrap_or_default().to_owned())
        };
        const USER: (&str, &str) = ("HOME", "/home/ada");
        for (state_dir, set, expected) in [
            (Some("own"), &[("STATE_DIRECTORY", "/var/lib/a"), USER][..], Some("own")),
            (None, &[("STATE_DIRECTORY", "/var/lib/a:/var/lib/b"), USER], Some("/var/lib/a")),
            (None, &[("STATE_DIRECTORY", ""), ("XDG_STATE_HOME", "/x"), USER], Some("/x/callboard")),
            (None, &[("XDG_STATE_HOME", "relative"), USER], Some("/home/ada/.local/state/callboard")),
            (None, &[USER], Some("/home/ada/.local/state/callboard")),
            (None, &[], None),
        ] {
            assert_eq!(found(state_dir, set).as_deref(), expected, "{set:?}");
        }
    }

    #[test]
    fn a_certificate_stays_as_long_as_it_fits() {
        let folder = Folder::new();
        let few = wanted(&folder.0, &["localhost", "127.0.0.1", "a.example"]);
        let start = on(2027, 1, 1);
        let first = prepare(&folder.0, &few, start).expect("it is made").chain;
        let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!([mode(&folder.0), mode(&path(&folder.0))], [0o700, 0o600]);
        assert_eq!(fs::read_dir(&folder.0).expect("it is there").count(), 1, "nothing stays beside it");
        // Fewer names need no other one. A clock that is behind, as on a board without a battery, says nothing.
        let fewer = wanted(&folder.0, &["localhost"]);
        for (wanted, now) in [(&few, on(2027, 12, 30)), (&fewer, start), (&few, on(1970, 1, 1))] {
            assert_eq!(prepare(&folder.0, wanted, now).expect("it is kept").chain, first);
        }
        // It is valid for 397 days, of which 30 have to be left.
        for (wanted, now) in [
            (&wanted(&folder.0, &["localhost", "::1"]), start),
            (&few, on(2028, 1, 10)),
            (&few, on(2029, 6, 1)),
            // Before its first day: the clock was ahead when it was made.
            (&few, on(2026, 6, 1)),
        ] {
            let own = Folder::new();
            fs::create_dir(&own.0).expect("it is ours");
            fs::copy(path(&folder.0), path(&own.0)).expect("it is ours");
            let other = prepare(&own.0, wanted, now).expect("it is made");
            assert_ne!(other.chain, first, "{now:?}");
            assert_eq!(misfit(wanted, &other, now), None);
            assert_eq!(prepare(&own.0, wanted, now).expect("it is kept").chain, other.chain);
        }
    }

    #[test]
    fn a_clock_that_is_not_set_makes_wide_dates_until_it_is() {
        let folder = Folder::new();
        let wanted = wanted(&folder.0, &["localhost"]);
        let wide = prepare(&folder.0, &wanted, on(1970, 1, 2)).expect("it is made");
        let shown = Certificate::read(&wide.chain[0]).expect("a certificate").describe(on(2027, 1, 1));
        assert!(shown.contains("valid until 2049-12-31"), "{shown}");
        assert_eq!(prepare(&folder.0, &wanted, on(1970, 1, 1)).expect("it is kept").chain, wide.chain);
        let right = prepare(&folder.0, &wanted, on(2027, 1, 1)).expect("it is made");
        let shown = Certificate::read(&right.chain[0]).expect("a certificate").describe(on(2027, 1, 1));
        assert!(shown.contains("valid until 2028-02-01 (396 days)"), "{shown}");
        assert_eq!(prepare(&folder.0, &wanted, on(1970, 1, 1)).expect("it is kept").chain, right.chain);
    }

    #[test]
    fn a_file_that_is_something_else_is_put_aside() {
        let made = make(&["localhost".to_owned()], on(2027, 1, 1)).expect("it is made");
        let other = make(&["localhost".to_owned()], on(2027, 1, 1)).expect("it is made");
        let certificate = pem_of("CERTIFICATE", &made.certificate);
        let wrong_pair = format!("{certificate}{}", pem_of("PRIVATE KEY", &other.key));
        let half = &made.pem()[..certificate.len() + 40];
        let long = "x".repeat(300_000);
        for text in ["", "no PEM", certificate.as_str(), &wrong_pair, half, &long] {
            let folder = Folder::new();
            fs::create_dir(&folder.0).expect("it is ours");
            fs::write(path(&folder.0), text).expect("it is ours");
            assert!(read(&folder.0).is_err());
            let wanted = wanted(&folder.0, &["localhost"]);
            let identity = prepare(&folder.0, &wanted, on(2027, 1, 1)).expect("another one is made");
            let aside = path(&folder.0).with_extension(ASIDE);
            assert_eq!(fs::read_to_string(aside).expect("it was put aside"), text);
            let again = prepare(&folder.0, &wanted, on(2027, 1, 1)).expect("it is kept");
            assert_eq!(again.chain, identity.chain);
        }
    }

    #[test]
    fn a_file_that_is_broken_under_a_server_that_runs_is_left_to_its_next_start() {
        let folder = Folder::new();
        let wanted = wanted(&folder.0, &["localhost"]);
        let first = identity(&wanted, None).expect("it is made");
        fs::write(path(&folder.0), "something else").expect("it is ours");
        assert_eq!(identity(&wanted, Some(&first)).expect("it stays").chain, first.chain);
        assert_eq!(fs::read_to_string(path(&folder.0)).expect("it is there"), "something else");
        // One that fits no more has no claim to stay, and neither has one of another server.
        let more = SelfSigned { names: vec!["a.example".to_owned()], ..wanted.clone() };
        let second = identity(&more, Some(&first)).expect("another one is made");
        assert_ne!(second.chain, first.chain);
        assert_eq!(identity(&more, None).expect("it is kept").chain, second.chain);
    }

    #[test]
    fn servers_that_start_at_once_have_one_certificate() {
        let folder = Folder::new();
        let wanted = wanted(&folder.0, &["localhost"]);
        let chains: Vec<_> = thread::scope(|scope| {
            let start = || prepare(&folder.0, &wanted, on(2027, 1, 1)).expect("a certificate").chain;
            let started: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
            started.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        assert!(chains.iter().all(|chain| *chain == chains[0]));
    }

    #[test]
    fn where_nothing_can_be_kept_the_one_in_use_stays_and_a_server_starts_all_the_same() {
        let wanted = wanted(Path::new("/dev/null/state"), &["localhost"]);
        let first = identity(&wanted, None).expect("it is made");
        assert_eq!((first.kept_in.as_ref(), first.self_signed), (None, true));
        assert_eq!(identity(&wanted, Some(&first)).expect("it stays").chain, first.chain);
        assert_ne!(identity(&wanted, None).expect("it is made").chain, first.chain);
    }
}
