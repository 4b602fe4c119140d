//! Text as TFTP's mode netascii has it: a line ends with CR LF, and a CR that ends none is CR NUL.

use serde::{Deserialize, Serialize};

/// Adds a file's octets as they are sent.
pub fn encode(file: &[u8], into: &mut Vec<u8>) {
    for octet in file {
        match octet {
            b'\n' => into.extend(b"\r\n"),
            b'\r' => into.extend(b"\r\0"),
            other => into.push(*other),
        }
    }
}

/// Where in the stream the last octet was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    #[default]
    Plain,
    /// Behind a CR.
    Return,
}

impl Place {
    /// Adds what was sent as the file has it.
    pub fn decode(&mut self, sent: &[u8], into: &mut Vec<u8>) {
        for octet in sent {
            match (*self, octet) {
                (Place::Return, b'\n') => into.push(b'\n'),
                (Place::Return, b'\0') => into.push(b'\r'),
                (Place::Return, b'\r') => into.push(b'\r'),
                (Place::Return, other) => into.extend([b'\r', *other]),
                (Place::Plain, b'\r') => {}
                (Place::Plain, other) => into.push(*other),
            }
            *self = if *octet == b'\r' { Place::Return } else { Place::Plain };
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_text_comes_out_as_it_went_in(text in "[a\r\n\0]{0,40}", piece in 1_usize..9) {
            let (mut sent, mut file, mut place) = (Vec::new(), Vec::new(), Place::default());
            encode(text.as_bytes(), &mut sent);
            sent.chunks(piece).for_each(|piece| place.decode(piece, &mut file));
            prop_assert_eq!(String::from_utf8(file).unwrap(), text);
        }
    }
}
