//! Requests, read out of a connection's octets (RFC 9112) as far as a server of files needs them.

use serde::{Deserialize, Serialize};

/// A request's head is at most so long.
pub const HEAD_LIMIT: usize = 16 * 1024;
/// A body, which no request here needs, is skipped when it is at most so long.
const BODY_LIMIT: u64 = 1024 * 1024;

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    Get,
    Head,
    /// Any other: refused with 405.
    Other,
}

/// What becomes of the connection after the answer, and how the client learns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Then {
    /// It stays, as it does in HTTP/1.1.
    Stay,
    /// It stays, which an HTTP/1.0 client has asked for and must be told.
    StaySaid,
    Close,
}

/// A part of a file (RFC 9110 §14.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// From an offset, through another one or to the end.
    From(u64, Option<u64>),
    /// So many octets at the end.
    Last(u64),
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub method: Method,
    /// Below the folder; empty for itself; with a slash at the end where the client wrote one.
    pub path: String,
    pub then: Then,
    pub part: Option<Part>,
    pub if_match: Option<String>,
    pub if_none_match: Option<String>,
    pub if_unmodified_since_s: Option<u64>,
    pub if_modified_since_s: Option<u64>,
    pub if_range: Option<String>,
    /// Octets of a body that follow.
    pub body: u64,
}

/// A status code that refuses a request whose end is not known: the connection cannot go on after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal(pub u16);

/// Reads the first request and how long its head is; `None` while it is not complete.
///
/// # Errors
/// How to refuse what is no request.
pub fn parse(octets: &[u8]) -> Result<Option<(Request, usize)>, Refusal> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Request::new(&mut headers);
    match head.parse(octets) {
        Ok(httparse::Status::Complete(length)) if length <= HEAD_LIMIT => {
            Ok(Some((understand(&head)?, length)))
        }
        Ok(httparse::Status::Partial) if octets.len() < HEAD_LIMIT => Ok(None),
        Ok(_) | Err(httparse::Error::TooManyHeaders) => Err(Refusal(431)),
        Err(httparse::Error::Version) => Err(Refusal(505)),
        Err(_) => Err(Refusal(400)),
    }
}

fn understand(head: &httparse::Request<'_, '_>) -> Result<Request, Refusal> {
    let method = match head.method {
        Some("GET") => Method::Get,
        Some("HEAD") => Method::Head,
        _ => Method::Other,
    };
    //= rfc9112#section-3.2
    //# A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message that lacks a
    //# Host header field and to any request message that contains more than one Host header field line
    let hosts = fields(head, "host").count();
    if hosts > 1 || (hosts == 0 && !is_old(head)) {
        return Err(Refusal(400));
    }
    let part = one(head, "range")?.filter(|_| method == Method::Get);
    Ok(Request {
        method,
        path: path(head.path.unwrap_or_default(), method)?,
        then: then(head)?,
        part: part.as_deref().and_then(parse_part),
        if_match: one(head, "if-match")?,
        if_none_match: one(head, "if-none-match")?,
        if_unmodified_since_s: one(head, "if-unmodified-since")?.as_deref().and_then(date_s),
        if_modified_since_s: one(head, "if-modified-since")?.as_deref().and_then(date_s),
        if_range: one(head, "if-range")?,
        body: body(head)?,
    })
}

/// Whether the client speaks HTTP/1.0.
fn is_old(head: &httparse::Request<'_, '_>) -> bool {
    head.version == Some(0)
}

fn fields<'a>(head: &'a httparse::Request<'_, '_>, name: &str) -> impl Iterator<Item = &'a [u8]> {
    head.headers.iter().filter(move |field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value)
}

/// A field's value, all its lines in one.
fn one(head: &httparse::Request<'_, '_>, name: &str) -> Result<Option<String>, Refusal> {
    let lines: Vec<_> = fields(head, name).collect();
    if lines.is_empty() {
        return Ok(None);
    }
    String::from_utf8(lines.join(&b", "[..])).map(Some).map_err(|_| Refusal(400))
}

fn then(head: &httparse::Request<'_, '_>) -> Result<Then, Refusal> {
    let wishes = one(head, "connection")?.unwrap_or_default().to_ascii_lowercase();
    let wishes: Vec<_> = wishes.split(',').map(str::trim).collect();
    // After a final answer nobody knows whether the body that the client held back still comes.
    if wishes.contains(&"close") || fields(head, "expect").next().is_some() {
        return Ok(Then::Close);
    }
    Ok(match is_old(head) {
        false => Then::Stay,
        true if wishes.contains(&"keep-alive") => Then::StaySaid,
        true => Then::Close,
    })
}

/// How long the body is. One whose length cannot be told for sure is refused: what follows it could be taken for
/// a request that nobody made.
fn body(head: &httparse::Request<'_, '_>) -> Result<u64, Refusal> {
    if fields(head, "transfer-encoding").next().is_some() {
        return Err(Refusal(501));
    }
    let Some(length) = one(head, "content-length")? else { return Ok(0) };
    match decimal(&length) {
        Some(length) if length <= BODY_LIMIT => Ok(length),
        Some(_) => Err(Refusal(413)),
        None => Err(Refusal(400)),
    }
}

/// The path in a request's target, decoded. No part of it steps up.
fn path(target: &str, method: Method) -> Result<String, Refusal> {
    let absolute = target.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("http://"));
    let target = match absolute.map(|_| target[7..].find(['/', '?'])) {
        Some(Some(start)) => &target[7 + start..],
        Some(None) => "/",
        None => target,
    };
    let encoded = target.split('?').next().unwrap_or_default();
    if !encoded.starts_with('/') && !encoded.is_empty() {
        // `OPTIONS *` and CONNECT have no path, and are refused for their method.
        return if method == Method::Other { Ok(String::new()) } else { Err(Refusal(400)) };
    }
    let mut path = String::new();
    for segment in encoded.split('/').filter(|segment| !segment.is_empty()) {
        match decode(segment).ok_or(Refusal(400))?.as_str() {
            "." => {}
            ".." => return Err(Refusal(400)),
            name if name.contains(['/', '\0']) => return Err(Refusal(400)),
            name => path.extend([name, "/"]),
        }
    }
    if !encoded.ends_with('/') {
        path.pop();
    }
    Ok(path)
}

fn decode(segment: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(octet) = rest.next() {
        octets.push(match octet {
            b'%' => {
                let digits = [rest.next()?, rest.next()?].map(|digit| char::from(digit).to_digit(16));
                u8::try_from(digits[0]? << 4 | digits[1]?).ok()?
            }
            _ => octet,
        });
    }
    String::from_utf8(octets).ok()
}

/// One range of octets; several at once, and other units, are not understood: then the whole file is the answer,
/// as RFC 9110 §14.2 allows.
fn parse_part(field: &str) -> Option<Part> {
    let (first, last) = field.trim().strip_prefix("bytes=")?.trim().split_once('-')?;
    match (decimal(first), decimal(last)) {
        (Some(first), Some(last)) if first <= last => Some(Part::From(first, Some(last))),
        (Some(first), None) if last.is_empty() => Some(Part::From(first, None)),
        (None, Some(length)) if first.is_empty() => Some(Part::Last(length)),
        _ => None,
    }
}

fn decimal(text: &str) -> Option<u64> {
    text.parse().ok().filter(|_| text.bytes().all(|octet| octet.is_ascii_digit()))
}

/// A date of HTTP in seconds of Unix time.
pub fn date_s(text: &str) -> Option<u64> {
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(line: &str) -> Result<Request, Refusal> {
        let octets = format!("{line}\r\nHost: a\r\n\r\n");
        parse(octets.as_bytes()).map(|parsed| parsed.expect("a whole head").0)
    }

    #[test]
    fn a_path_is_decoded_and_does_not_step_up() {
        let path = |target: &str| request(&format!("GET {target} HTTP/1.1")).map(|request| request.path);
        for (target, expected) in [
            ("/", ""),
            ("/a/b", "a/b"),
            ("//a/./b//", "a/b/"),
            ("/a%20b?c=/../d", "a b"),
            ("http://a", ""),
            ("HTTP://a/b", "b"),
            ("/...", "..."),
        ] {
            assert_eq!(path(target).as_deref(), Ok(expected), "{target}");
        }
        for target in
            ["/../a", "/a/..", "/%2e%2E/a", "/a%2fb", "/a%00", "/%", "/%f", "/%zz", "/%ff", "a", "*"]
        {
            assert_eq!(path(target), Err(Refusal(400)), "{target}");
        }
    }

    #[test]
    fn ranges_of_one_part_are_understood() {
        let cases = [
            ("bytes=0-0", Some(Part::From(0, Some(0)))),
            ("bytes=5-", Some(Part::From(5, None))),
            ("bytes=-7", Some(Part::Last(7))),
            ("bytes=7-5", None),
            ("bytes=-", None),
            ("bytes=+1-2", None),
            ("bytes=1-2,4-5", None),
            ("lines=1-2", None),
            ("bytes=99999999999999999999-", None),
        ];
        for (field, expected) in cases {
            assert_eq!(parse_part(field), expected, "{field}");
        }
    }

    #[test]
    fn what_could_hide_a_request_is_refused() {
        let refused =
            |fields: &str| parse(format!("GET / HTTP/1.1\r\n{fields}\r\n").as_bytes()).unwrap_err().0;
        assert_eq!(refused(""), 400);
        assert_eq!(refused("Host: a\r\nHost: b\r\n"), 400);
        assert_eq!(refused("Host: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n"), 400);
        assert_eq!(refused("Host: a\r\nContent-Length: -1\r\n"), 400);
        assert_eq!(refused("Host: a\r\nContent-Length: 9999999999\r\n"), 413);
        assert_eq!(refused("Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n"), 501);
        assert_eq!(refused(&format!("Host: a\r\nA: {}\r\n", "a".repeat(HEAD_LIMIT))), 431);
        assert_eq!(refused(&"A: b\r\n".repeat(65)), 431);
    }

    #[test]
    fn an_old_client_says_when_it_wants_to_stay() {
        let then = |octets: &str| parse(octets.as_bytes()).unwrap().unwrap().0.then;
        assert_eq!(then("GET / HTTP/1.0\r\n\r\n"), Then::Close);
        assert_eq!(then("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"), Then::StaySaid);
        assert_eq!(then("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, close\r\n\r\n"), Then::Close);
    }
}
