//! Lines on their way out, and those that find no room there.

use std::io;

/// Where lines go as long as there is room.
pub struct Output<W> {
    to: W,
    /// How many lines found no room.
    lost: usize,
    /// The last one that did was cut off.
    torn: bool,
}

impl<W: io::Write> Output<W> {
    /// Nothing has been lost yet.
    pub fn new(to: W) -> Self {
        Self { to, lost: 0, torn: false }
    }

    /// Writes lines. Lines that cannot be written are counted, and the count is written as soon as something can be written
    /// again.
    pub fn write(&mut self, lines: &str) {
        let mut text = String::new();
        if self.torn {
            text.push('\n');
        }
        if self.lost > 0 {
            text.push_str(&format!("{} lines of the log were lost: they could not be written\n", self.lost));
        }
        let before = text.len();
        text.push_str(lines);
        let written = self.write_some(text.as_bytes());
        if written >= before {
            self.lost = 0;
        }
        if written > 0 {
            self.torn = !text.as_bytes()[..written].ends_with(b"\n");
        }
        self.lost += text.as_bytes()[written.max(before)..].iter().filter(|byte| **byte == b'\n').count();
    }

    /// Writes as much as there is room for. Returns how many bytes that is.
    fn write_some(&mut self, bytes: &[u8]) -> usize {
        let mut written = 0;
        while written < bytes.len() {
            match self.to.write(&bytes[written..]) {
                Ok(0) => break,
                Ok(length) => written += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // There is nobody to tell.
                Err(_) => break,
            }
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Something with so many bytes of room.
    struct Disk {
        room: usize,
        text: Vec<u8>,
    }

    impl io::Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.room == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let length = bytes.len().min(self.room);
            self.room -= length;
            self.text.extend_from_slice(&bytes[..length]);
            Ok(length)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_for_which_there_is_no_room_are_counted_until_there_is_room_again() {
        let mut output = Output::new(Disk { room: 9, text: Vec::new() });
        output.write("one\ntwo\nthree\nfour\n");
        output.write("five\n");
        // Not even for saying so.
        output.to.room = 10;
        output.write("six\n");
        output.to.room = 1000;
        output.write("seven\n");
        output.write("eight\n");
        let text = String::from_utf8(output.to.text).expect("lines are text");
        let said = "4 lines of the log were lost: they could not be written\n";
        assert_eq!(text, format!("one\ntwo\nt\n3 lines o\n{said}seven\neight\n"));
    }
}
