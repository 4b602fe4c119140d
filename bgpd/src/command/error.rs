//! What is wrong with a line.

/// Why a line was not taken. `Display` is what the shell answers; FRR's words for the first three.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// No command begins so.
    #[error("% Unknown command: {line}")]
    Unknown {
        /// The line.
        line: String,
        /// Where the first word stands that fits nothing: octets from the line's beginning.
        column: usize,
        /// What would have fitted there.
        expected: Vec<String>,
    },
    /// Two commands begin so.
    #[error("% Ambiguous command: {line}")]
    Ambiguous {
        /// The line.
        line: String,
        /// Where the word stands that two keywords begin with.
        column: usize,
        /// Those keywords.
        expected: Vec<String>,
    },
    /// Something is missing at the end.
    #[error("% Command incomplete: {line}")]
    Incomplete {
        /// The line.
        line: String,
        /// The end of the line.
        column: usize,
        /// What could follow.
        expected: Vec<String>,
    },
    /// The line is well formed, but cannot be obeyed.
    #[error("{refusal}")]
    Refused {
        /// Why not.
        refusal: Refusal,
        /// Where the line begins.
        column: usize,
    },
}

impl LineError {
    /// Where in the line, in octets from 0.
    #[must_use]
    pub fn column(&self) -> usize {
        match self {
            LineError::Unknown { column, .. }
            | LineError::Ambiguous { column, .. }
            | LineError::Incomplete { column, .. }
            | LineError::Refused { column, .. } => *column,
        }
    }
}

/// A command that cannot be obeyed, in the operator's words: what is wrong and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("% {0}")]
pub struct Refusal(pub String);

impl Refusal {
    /// A refusal with this text, without the leading `% `.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Refusal {
        Refusal(text.into())
    }
}
