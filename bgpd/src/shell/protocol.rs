//! The words between the shell and the daemon: JSON objects, one a line, over the control socket.
//!
//! The client sends `{"id":1,"mode":["configure terminal"],"line":"show bgp summary"}`: a number of its choice,
//! the lines by which the modes were entered, and the line. A client that outlives daemons adds `"client":N`, a
//! number that it drew once, and then counts its requests upwards: what came of its last one can be asked for by sending the same
//! request with `"again":true`, also to another process than the one that took it. The daemon answers with any number of
//! `{"id":1,"out":"text"}` and then one `{"id":1,"end":{"status":0,"mode":[],"host":"r1"}}`, where the mode is
//! the one that the session is in now, status 1 says that the line was refused, and the host is the router's
//! name for the prompt. Keys that are not known are passed over; nothing longer than its bound is read.

use serde::{Deserialize, Serialize};

/// The longest request, in octets, its newline not counted.
pub const MAX_REQUEST: usize = 64 << 10;
/// The longest frame, in octets, its newline not counted.
pub const MAX_FRAME: usize = 1 << 20;
/// The deepest stack of modes.
pub const MAX_MODES: usize = 8;

/// A line to be run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The client's number for it, which comes back with the answer.
    pub id: u64,
    /// The lines that the modes were entered by, the outermost first.
    pub mode: Vec<String>,
    /// The line.
    pub line: String,
    /// The client's name for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<u64>,
    /// Whether it was sent before and the answer was cut off.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// The request's number; `None` where the request could not be read.
    pub id: Option<u64>,
    /// What it is.
    #[serde(flatten)]
    pub part: Part,
}

/// What a piece of an answer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Text.
    Out(String),
    /// The end.
    End(End),
}

/// How an answer ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Whether the line was obeyed.
    pub status: Status,
    /// The lines that make the session again.
    pub mode: Vec<String>,
    /// The router's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
}

/// Whether a line was obeyed; a number on the wire and as exit status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "u8", into = "u8")]
pub enum Status {
    /// It was.
    #[default]
    Obeyed,
    /// It was not.
    Refused,
}

impl From<u8> for Status {
    fn from(number: u8) -> Self {
        if number == 0 { Status::Obeyed } else { Status::Refused }
    }
}

impl From<Status> for u8 {
    fn from(status: Status) -> Self {
        match status {
            Status::Obeyed => 0,
            Status::Refused => 1,
        }
    }
}

/// What is wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// It is longer than its bound.
    #[error("a message of more than {0} octets")]
    TooLong(usize),
    /// There are more modes than the grammar has levels.
    #[error("more than {MAX_MODES} modes")]
    TooDeep,
    /// It is not the JSON that was expected.
    #[error("a message that is not a JSON object with the expected keys")]
    Malformed,
}

impl Request {
    /// The request as a line, its newline included.
    ///
    /// # Errors
    /// [`ProtocolError::TooLong`].
    pub fn encode(&self) -> Result<String, ProtocolError> {
        encode(self, MAX_REQUEST)
    }

    /// Reads a line without its newline.
    ///
    /// # Errors
    /// Where it is too long or not a request.
    pub fn decode(line: &[u8]) -> Result<Request, ProtocolError> {
        let request: Request = decode(line, MAX_REQUEST)?;
        if request.mode.len() > MAX_MODES { Err(ProtocolError::TooDeep) } else { Ok(request) }
    }
}

impl Frame {
    /// The frame as a line, its newline included. Text of up to 64 KiB always fits.
    ///
    /// # Errors
    /// [`ProtocolError::TooLong`].
    pub fn encode(&self) -> Result<String, ProtocolError> {
        encode(self, MAX_FRAME)
    }

    /// Reads a line without its newline.
    ///
    /// # Errors
    /// Where it is too long or not a frame.
    pub fn decode(line: &[u8]) -> Result<Frame, ProtocolError> {
        decode(line, MAX_FRAME)
    }
}

fn encode<T: Serialize>(message: &T, bound: usize) -> Result<String, ProtocolError> {
    let mut line = serde_json::to_string(message).map_err(|_| ProtocolError::Malformed)?;
    if line.len() > bound {
        return Err(ProtocolError::TooLong(bound));
    }
    line.push('\n');
    Ok(line)
}

fn decode<T: for<'d> Deserialize<'d>>(line: &[u8], bound: usize) -> Result<T, ProtocolError> {
    if line.len() > bound {
        return Err(ProtocolError::TooLong(bound));
    }
    serde_json::from_slice(line).map_err(|_| ProtocolError::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame() -> impl Strategy<Value = Frame> {
        let mode = || proptest::collection::vec(".{0,20}", 0..4);
        let out = ".{0,200}".prop_map(Part::Out);
        let end = (0u8..2, mode(), proptest::option::of("[a-z]{1,8}"))
            .prop_map(|(status, mode, host)| Part::End(End { status: status.into(), mode, host }));
        (any::<Option<u64>>(), prop_oneof![out, end]).prop_map(|(id, part)| Frame { id, part })
    }

    proptest! {
        #[test]
        fn frames_and_requests_are_read_as_they_were_written(
            frame in frame(),
            id in any::<u64>(),
            mode in proptest::collection::vec(".{0,20}", 0..=MAX_MODES),
            line in ".{0,300}",
            client in any::<Option<u64>>(),
            again in any::<bool>(),
        ) {
            let text = frame.encode().unwrap();
            prop_assert_eq!(text.matches('\n').count(), 1);
            prop_assert_eq!(Frame::decode(text.trim_end().as_bytes()), Ok(frame));
            let request = Request { id, mode, line, client, again };
            let text = request.encode().unwrap();
            prop_assert_eq!(Request::decode(text.trim_end().as_bytes()), Ok(request));
        }

        #[test]
        fn no_octets_make_the_reader_panic(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Frame::decode(&octets);
            let _ = Request::decode(&octets);
        }
    }

    #[test]
    fn the_words_on_the_wire_are_these() {
        let mode = vec!["configure terminal".into()];
        let mut request = Request { id: 7, mode, line: "end".into(), ..Request::default() };
        assert_eq!(
            request.encode().unwrap(),
            "{\"id\":7,\"mode\":[\"configure terminal\"],\"line\":\"end\"}\n"
        );
        (request.client, request.again) = (Some(9), true);
        assert_eq!(
            request.encode().unwrap(),
            "{\"id\":7,\"mode\":[\"configure terminal\"],\"line\":\"end\",\"client\":9,\"again\":true}\n"
        );
        let out = Frame { id: Some(7), part: Part::Out("a\n".into()) };
        assert_eq!(out.encode().unwrap(), "{\"id\":7,\"out\":\"a\\n\"}\n");
        let end = End { status: Status::Refused, mode: Vec::new(), host: None };
        let end = Frame { id: None, part: Part::End(end) };
        assert_eq!(end.encode().unwrap(), "{\"id\":null,\"end\":{\"status\":1,\"mode\":[]}}\n");
    }

    #[test]
    fn bounds_are_kept() {
        let request = Request { line: "x".repeat(MAX_REQUEST), ..Request::default() };
        assert_eq!(request.encode(), Err(ProtocolError::TooLong(MAX_REQUEST)));
        assert_eq!(Request::decode(&vec![b' '; MAX_REQUEST + 1]), Err(ProtocolError::TooLong(MAX_REQUEST)));
        let deep = Request { mode: vec![String::new(); MAX_MODES + 1], ..Request::default() };
        assert_eq!(
            Request::decode(deep.encode().unwrap().trim_end().as_bytes()),
            Err(ProtocolError::TooDeep)
        );
        let worst = Frame { id: Some(u64::MAX), part: Part::Out("\u{1}".repeat(64 << 10)) };
        assert!(worst.encode().is_ok(), "64 KiB of text fit a frame whatever they are");
    }
}
