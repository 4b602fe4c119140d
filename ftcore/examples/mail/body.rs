//! The octets of a message as SMTP sends them (RFC 5321 §4.5.2), turned into those of a file: stuffed dots out,
//! lines ended as files end them.
//!
//! A message ends with CR LF `.` CR LF and with nothing else: whoever takes less for the end lets one client smuggle
//! in messages of others.

use serde::{Deserialize, Serialize};

/// Where in the stream the last octet was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// At the beginning of a line.
    #[default]
    Start,
    Middle,
    /// Behind a CR.
    Return,
    /// Behind a dot that begins a line.
    Dot,
    /// Behind such a dot and a CR.
    DotReturn,
}

/// Whether a message has come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Reached,
    Ahead,
}

impl Place {
    /// Reads on, adds what belongs into the file to `into`, and says how many octets were read: all, or those up to
    /// the message's end.
    pub fn unstuff(&mut self, octets: &[u8], into: &mut Vec<u8>) -> (usize, End) {
        for (at, octet) in octets.iter().copied().enumerate() {
            *self = match (*self, octet) {
                (Place::DotReturn, b'\n') => {
                    *self = Place::Start;
                    return (at + 1, End::Reached);
                }
                (Place::Start, b'.') => Place::Dot,
                (Place::Dot, b'\r') => Place::DotReturn,
                (Place::Return, b'\n') => {
                    into.push(b'\n');
                    Place::Start
                }
                (Place::Return | Place::DotReturn, b'\r') => {
                    into.push(b'\r');
                    Place::Return
                }
                (_, b'\r') => Place::Return,
                (Place::Return | Place::DotReturn, other) => {
                    into.extend([b'\r', other]);
                    Place::Middle
                }
                (Place::Start | Place::Middle | Place::Dot, other) => {
                    into.push(other);
                    Place::Middle
                }
            };
        }
        (octets.len(), End::Ahead)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a client sends for a text, and the text's file.
    fn sent(text: &[u8]) -> Vec<u8> {
        let lines = text.split(|octet| *octet == b'\n').map(|line| {
            let dot: &[u8] = if line.starts_with(b".") { b"." } else { b"" };
            [dot, line].concat()
        });
        let lines: Vec<_> = lines.collect();
        [&lines.join(&b"\r\n"[..])[..], b"\r\n.\r\n"].concat()
    }

    fn unstuffed(octets: &[u8], piece: usize) -> (Vec<u8>, usize, End) {
        let (mut place, mut file, mut read) = (Place::default(), Vec::new(), 0);
        for piece in octets.chunks(piece) {
            let (more, end) = place.unstuff(piece, &mut file);
            read += more;
            if end == End::Reached {
                return (file, read, end);
            }
        }
        (file, read, End::Ahead)
    }

    #[test]
    fn only_a_line_with_a_dot_alone_is_the_end() {
        for octets in [&b"a\n.\n"[..], b"a\r\n.\n", b"a\n.\r\n", b"a\r.\r\n", b"a\r\n.\r\r\n", b"a\r\n..\r\n"]
        {
            assert_eq!(unstuffed(octets, 9).2, End::Ahead, "{:?}", octets.escape_ascii().to_string());
        }
        assert_eq!(unstuffed(b".\r\nQUIT", 9), (vec![], 3, End::Reached));
        assert_eq!(unstuffed(b"\r\n.\r\n", 9), (b"\n".to_vec(), 5, End::Reached));
    }

    proptest! {
        #[test]
        fn a_text_comes_out_as_it_went_in(text in "([a.]|\n|\r[a.]){0,40}", piece in 1_usize..9) {
            let octets = sent(text.as_bytes());
            let (file, read, end) = unstuffed(&octets, piece);
            prop_assert_eq!((read, end), (octets.len(), End::Reached));
            prop_assert_eq!(String::from_utf8(file).unwrap(), text + "\n");
        }

        #[test]
        fn how_the_octets_are_cut_makes_no_difference(octets in "[a.\r\n]{0,60}", piece in 1_usize..9) {
            prop_assert_eq!(unstuffed(octets.as_bytes(), piece), unstuffed(octets.as_bytes(), 100));
        }
    }
}
