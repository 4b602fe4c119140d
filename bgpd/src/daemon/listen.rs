//! Where the router listens: as the command line says it, and what is wrong where it cannot.

use std::io;
use std::net::{IpAddr, SocketAddr};

/// BGP's port (RFC 4271 §8.2.1).
pub const BGP_PORT: u16 = 179;

/// Why the router cannot listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}{}", advice(source))]
pub struct ListenError {
    /// Where.
    pub address: SocketAddr,
    /// Why.
    pub source: io::Error,
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "; another program has this port, stop it or choose one with --listen",
        io::ErrorKind::PermissionDenied => {
            "; a port below 1024 needs CAP_NET_BIND_SERVICE, or choose one with --listen"
        }
        _ => "",
    }
}

/// Reads `ADDR[:PORT]` as `--listen` takes it: `192.0.2.1`, `192.0.2.1:1179`, `2001:db8::1`,
/// `[2001:db8::1]:1179`.
///
/// # Errors
/// A text that says what was expected.
pub fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok(address);
    }
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse::<IpAddr>()
        .map(|address| SocketAddr::new(address, BGP_PORT))
        .map_err(|_| "expected ADDR or ADDR:PORT, an IPv6 address with a port in brackets".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listen_takes_addresses_with_and_without_port() {
        let parsed = |text| parse_listen(text).unwrap().to_string();
        assert_eq!(parsed("192.0.2.1"), "192.0.2.1:179");
        assert_eq!(parsed("192.0.2.1:1179"), "192.0.2.1:1179");
        assert_eq!(parsed("2001:db8::1"), "[2001:db8::1]:179");
        assert_eq!(parsed("[2001:db8::1]"), "[2001:db8::1]:179");
        assert_eq!(parsed("[2001:db8::1]:1179"), "[2001:db8::1]:1179");
        assert!(parse_listen("localhost").is_err());
        assert!(parse_listen("192.0.2.1:99999").is_err());
    }
}
