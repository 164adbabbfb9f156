//! A log that cannot be written: a full disk, nobody who reads, no room for a while.

use std::fs::{self, File};
use std::time::{Duration, Instant};

use crate::support::http::publish;
use crate::support::server::{Folder, PATIENCE};
use crate::support::{Client, Server, program_by};
use crate::witness::witnessed;

#[test]
fn a_log_that_cannot_be_written_at_all_holds_nobody_up() {
    for line in [
        "exec \"$0\" \"$@\" 2>/dev/full",
        "exec \"$0\" \"$@\" 2>&-",
        // The reader is gone.
        "mkfifo \"$FIFO\" && { : <\"$FIFO\" & exec \"$0\" \"$@\" 2>\"$FIFO\"; }",
    ] {
        let folder = Folder::new();
        let mut command = program_by(line);
        command.env("FIFO", folder.path().join("fifo"));
        let server = Server::by_with(command, "trace", "");
        witnessed(&server, |before| {
            for _ in 0..20 {
                Client::online(&server, "1001", "desktop").leave();
            }
            before.comes_back(&server);
        });
        assert_eq!(server.stop(), "", "nothing comes where a log is read");
    }
}

#[test]
fn a_log_that_has_room_again_says_how_many_lines_are_not_in_it() {
    const ROOM: usize = 16 * 1024;
    const LOST: usize = 50;
    let folder = Folder::new();
    let file = folder.path().join("log");
    // In blocks of 512 bytes, which is what a shell counts in that keeps to POSIX.
    let line = format!("trap '' XFSZ; ulimit -f {} && exec \"$0\" \"$@\" 2>>\"$LOG\"", ROOM / 512);
    let mut command = program_by(&line);
    command.env("LOG", &file);
    let server = Server::by_with(command, "trace", "");
    let length = || fs::metadata(&file).expect("the log is there").len() as usize;
    let deadline = Instant::now() + PATIENCE;
    witnessed(&server, |_| {
        while length() < ROOM {
            publish(&server, "/lab/alarms", "fills the log");
            assert!(Instant::now() < deadline, "{} bytes are in the log", length());
        }
        // These are lost.
        for _ in 0..LOST {
            publish(&server, "/lab/alarms", "lost");
        }
        let text = fs::read_to_string(&file).expect("the log is text");
        assert_eq!(text.len(), ROOM);
        // The administrator makes room.
        File::options().write(true).open(&file).expect("it is ours").set_len(0).expect("it is ours");
        let said = " lines of the log were lost: they could not be written\n";
        let lost = loop {
            let text = fs::read_to_string(&file).expect("the log is text");
            if let Some((before, after)) = text.split_once(said)
                && after.contains('\n')
            {
                break before.lines().next_back().map(str::to_owned);
            }
            assert!(Instant::now() < deadline, "{text}");
            std::thread::sleep(Duration::from_millis(5));
        };
        let lost: usize = lost.and_then(|lost| lost.parse().ok()).expect("a number");
        assert!(lost >= LOST, "{lost}");
    });
    server.stop();
}
