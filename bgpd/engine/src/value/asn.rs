//! Autonomous system numbers (RFC 6793), written plain or dotted (RFC 5396).

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

/// AS_TRANS, which stands for a four-octet AS number towards an old speaker (RFC 6793 §9).
pub const AS_TRANS: Asn = Asn(23456);

/// An autonomous system number of four octets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Asn(pub u32);

impl Asn {
    /// Whether the number is reserved for private use (RFC 6996).
    #[must_use]
    pub const fn is_private(self) -> bool {
        matches!(self.0, 64512..=65534 | 4_200_000_000..=4_294_967_294)
    }

    /// Whether the number fits the two octets of an old speaker's AS_PATH.
    #[must_use]
    pub const fn is_two_octet(self) -> bool {
        self.0 <= 0xffff
    }
}

impl fmt::Display for Asn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text is not an AS number from 1 to 4294967295, plain (`65536`) or dotted (`1.0`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an AS number from 1 to 4294967295, plain or dotted")]
pub struct ParseAsnError;

impl FromStr for Asn {
    type Err = ParseAsnError;

    fn from_str(text: &str) -> Result<Self, ParseAsnError> {
        let number = match text.split_once('.') {
            Some((high, low)) => {
                let high: u16 = digits(high)?;
                let low: u16 = digits(low)?;
                u32::from(high) << 16 | u32::from(low)
            }
            None => digits(text)?,
        };
        if number == 0 { Err(ParseAsnError) } else { Ok(Asn(number)) }
    }
}

/// A number of decimal digits alone: `parse` would also take a leading `+`.
fn digits<T: FromStr>(text: &str) -> Result<T, ParseAsnError> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(ParseAsnError);
    }
    text.parse().map_err(|_| ParseAsnError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_and_dotted_text_are_read() {
        assert_eq!("65001".parse(), Ok(Asn(65001)));
        assert_eq!("1.0".parse(), Ok(Asn(65536)));
        for bad in ["", "0", "+1", "4294967296", "1.65536", "1.", "a", "0.0"] {
            assert_eq!(bad.parse::<Asn>(), Err(ParseAsnError), "{bad}");
        }
    }
}
