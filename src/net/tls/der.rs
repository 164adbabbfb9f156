//! DER, as far as certificates need it (ITU-T X.690 §8, §10).

/// Tags (X.690 §8.1.2; X.680 §8.4): INTEGER, BIT STRING, …
pub const BOOLEAN: u8 = 0x01;
pub const INTEGER: u8 = 0x02;
pub const BIT_STRING: u8 = 0x03;
pub const OCTET_STRING: u8 = 0x04;
pub const OBJECT_IDENTIFIER: u8 = 0x06;
pub const UTF8_STRING: u8 = 0x0c;
pub const UTC_TIME: u8 = 0x17;
pub const GENERALIZED_TIME: u8 = 0x18;
pub const SEQUENCE: u8 = 0x30;
pub const SET: u8 = 0x31;

/// The tag of a constructed field that is known by its number.
pub const fn constructed(number: u8) -> u8 {
    0xa0 | number
}

/// The tag of a primitive field that is known by its number.
pub const fn primitive(number: u8) -> u8 {
    0x80 | number
}

/// Writes an element, whose contents are these parts.
pub fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    let length = contents.len();
    let mut der = vec![tag];
    if length < 0x80 {
        der.push(length as u8);
    } else {
        let bytes = length.to_be_bytes();
        let bytes = bytes.iter().skip_while(|byte| **byte == 0).copied();
        der.push(0x80 | bytes.clone().count() as u8);
        der.extend(bytes);
    }
    der.extend(contents);
    der
}

/// The rest of elements that stand one after the other.
#[derive(Clone, Copy)]
pub struct Reader<'d>(pub &'d [u8]);

impl<'d> Reader<'d> {
    /// Whether there is no further element.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Takes the next element: its tag and its contents. `None`: there is none, or it is none of DER.
    pub fn next(&mut self) -> Option<(u8, &'d [u8])> {
        let (tag, rest) = self.0.split_first()?;
        let (first, mut rest) = rest.split_first()?;
        let mut length = usize::from(*first);
        if *first >= 0x80 {
            // A length without an end, and one that no file has.
            let count = usize::from(*first & 0x7f);
            if count == 0 || count > 4 {
                return None;
            }
            let (bytes, after) = rest.split_at_checked(count)?;
            length = bytes
                .iter()
                .try_fold(0usize, |length, byte| length.checked_mul(256)?.checked_add(usize::from(*byte)))?;
            rest = after;
        }
        let (contents, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((*tag, contents))
    }

    /// Takes the next element if it has this tag, which it must have.
    pub fn take(&mut self, tag: u8) -> Option<&'d [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, contents)| contents)
    }

    /// Takes the next element if it has this tag, which it need not have.
    pub fn take_optional(&mut self, tag: u8) -> Option<&'d [u8]> {
        let mut after = *self;
        let contents = after.take(tag)?;
        *self = after;
        Some(contents)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_read_as_it_was_written_with_a_length_of_any_size() {
        for (length, start) in [
            (0, &[4, 0][..]),
            (127, &[4, 127]),
            (128, &[4, 0x81, 128]),
            (255, &[4, 0x81, 255]),
            (256, &[4, 0x82, 1, 0]),
            (70_000, &[4, 0x83, 1, 0x11, 0x70]),
        ] {
            let contents = vec![7; length];
            let der = element(OCTET_STRING, &[&contents[..length / 2], &contents[length / 2..]]);
            assert_eq!(der[..start.len()], *start);
            let mut reader = Reader(&der);
            assert_eq!(reader.take_optional(INTEGER), None);
            assert_eq!(reader.take(OCTET_STRING), Some(&contents[..]));
            assert!(reader.is_empty() && reader.next().is_none());
        }
    }

    #[test]
    fn an_element_that_is_cut_off_or_has_no_length_is_none() {
        for bad in [
            &[][..],
            &[4],
            &[4, 1],
            &[4, 0x80, 0, 0],
            &[4, 0x82, 1],
            &[4, 0xff, 1],
            &[4, 0x85, 0, 0, 0, 0, 0],
        ] {
            assert_eq!(Reader(bad).next(), None, "{bad:?}");
        }
    }
}
