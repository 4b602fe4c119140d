//! Answers: which one a file and a request lead to (RFC 9110 §13 and §14), and its head.

use std::fmt::Write;
use std::ops::Range;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;

use super::request::{Method, Part, Request, Then, date_s};

/// The last second that a date of HTTP can name.
const LAST_S: u64 = 253_402_300_799;

/// A file as it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// In octets.
    pub length: u64,
    pub changed_s: u64,
    pub version: u64,
}

/// An answer: its head, and which of the file's octets follow.
#[derive(Debug, PartialEq, Eq)]
pub struct Response {
    pub head: Bytes,
    pub body: Range<u64>,
}

impl Found {
    fn tag(&self) -> String {
        format!("\"{:016x}\"", self.version)
    }

    /// The status, and the octets of the file that answer the request.
    fn disposition(&self, request: &Request) -> (u16, Range<u64>) {
        let tagged = |tags: &str, weak: &str| {
            let mut tags = tags.split(',').map(|tag| tag.trim().trim_start_matches(weak));
            tags.any(|tag| tag == "*" || tag == self.tag())
        };
        let matched = match (&request.if_match, request.if_unmodified_since_s) {
            (Some(tags), _) => tagged(tags, ""),
            (None, Some(since_s)) => self.changed_s <= since_s,
            (None, None) => true,
        };
        let known = match (&request.if_none_match, request.if_modified_since_s) {
            (Some(tags), _) => tagged(tags, "W/"),
            (None, Some(since_s)) => self.changed_s <= since_s,
            (None, None) => false,
        };
        let same = |named: &String| *named == self.tag() || date_s(named) == Some(self.changed_s);
        let part = request.part.filter(|_| request.if_range.as_ref().is_none_or(same));
        match part.map(|part| self.octets(part)) {
            _ if !matched => (412, 0..0),
            _ if known => (304, 0..0),
            None => (200, 0..self.length),
            Some(octets) if octets.is_empty() => (416, 0..0),
            Some(octets) => (206, octets),
        }
    }

    /// The octets that a part names; none when it lies behind the end.
    fn octets(&self, part: Part) -> Range<u64> {
        match part {
            Part::From(first, last) => {
                first..last.map_or(self.length, |last| last.saturating_add(1).min(self.length))
            }
            Part::Last(length) => self.length.saturating_sub(length)..self.length,
        }
    }

    /// The answer to a request for this file. `now_s` is the time of day, where it is known.
    pub fn answer(&self, request: &Request, now_s: Option<u64>) -> Response {
        let (status, octets) = self.disposition(request);
        let mut head = head(status, now_s, request.then);
        if status != 412 {
            let _ = write!(head, "ETag: {}\r\nLast-Modified: {}\r\n", self.tag(), date(self.changed_s));
            head += "Accept-Ranges: bytes\r\n";
        }
        match status {
            200 | 206 => {
                let _ = write!(head, "Content-Type: {}\r\n", content_type(&request.path));
                let _ = write!(head, "Content-Length: {}\r\n", octets.end - octets.start);
            }
            304 => {}
            _ => head += "Content-Length: 0\r\n",
        }
        match status {
            206 => {
                let last = octets.end - 1;
                let _ = write!(head, "Content-Range: bytes {}-{last}/{}\r\n", octets.start, self.length);
            }
            416 => {
                let _ = write!(head, "Content-Range: bytes */{}\r\n", self.length);
            }
            _ => {}
        }
        head += "\r\n";
        let body = if request.method == Method::Head { 0..0 } else { octets };
        Response { head: head.into(), body }
    }
}

/// An answer that has nothing to do with a file. `extra` are further fields, each with its end of line.
pub fn refusal(status: u16, now_s: Option<u64>, (method, then): (Method, Then), extra: &str) -> Bytes {
    let body = format!("{status} {}\n", reason(status));
    let mut head = head(status, now_s, then);
    let _ = write!(head, "{extra}Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n", body.len());
    if method != Method::Head {
        head += &body;
    }
    head.into()
}

/// The address of a folder, with the slash that a client has left out.
pub fn location(path: &str) -> String {
    let mut field = "Location: /".to_owned();
    for octet in path.bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                field.push(char::from(octet));
            }
            _ => {
                let _ = write!(field, "%{octet:02X}");
            }
        }
    }
    field + "/\r\n"
}

fn head(status: u16, now_s: Option<u64>, then: Then) -> String {
    let mut head = format!("HTTP/1.1 {status} {}\r\nServer: ftcore-web\r\n", reason(status));
    if let Some(now_s) = now_s {
        let _ = write!(head, "Date: {}\r\n", date(now_s));
    }
    head += match then {
        Then::Stay => "",
        Then::StaySaid => "Connection: keep-alive\r\n",
        Then::Close => "Connection: close\r\n",
    };
    head
}

fn date(unix_s: u64) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(unix_s.min(LAST_S)))
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        206 => "Partial Content",
        301 => "Moved Permanently",
        304 => "Not Modified",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        416 => "Range Not Satisfiable",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        505 => "HTTP Version Not Supported",
        _ => "Bad Request",
    }
}

fn content_type(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or_default();
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" | "htm" => "text/html; charset=utf-8",
        "txt" | "md" => "text/plain; charset=utf-8",
        "css" => "text/css",
        "js" => "text/javascript",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "pdf" => "application/pdf",
        _ => "application/octet-stream",
    }
}
