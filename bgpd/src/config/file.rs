//! Reading a configuration: every line, every error.
//!
//! A line that is refused takes with it the deeper indented lines behind it, which say nothing without it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Config;
use super::foreign::is_foreign;
use crate::command::{LineError, Mode, Outcome, Session, is_comment};

/// What is done with lines for FRR's other daemons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strictness {
    /// They are errors.
    #[default]
    Strict,
    /// They are skipped with a warning (`--lenient`).
    Lenient,
}

/// Something wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file; `<text>` where there is none.
    pub file: PathBuf,
    /// The line, from 1; 0 where it is the file as a whole.
    pub line: usize,
    /// The column in octets, from 1; 0 where it is the file as a whole.
    pub column: usize,
    /// What is wrong and what was expected.
    pub text: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, text) = (self.file.display(), &self.text);
        write!(f, "{file}:{}:{}: {text}", self.line, self.column)
    }
}

impl std::error::Error for ConfigError {}

/// A line that was skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning(pub ConfigError);

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A configuration and the warnings on the way.
type Loaded = Result<(Config, Vec<Warning>), Vec<ConfigError>>;

/// Reads the file at `path`.
///
/// # Errors
/// All that is wrong with it, in the order of its lines.
pub fn load(path: &Path, strictness: Strictness) -> Loaded {
    let whole = |text: String| vec![ConfigError { file: path.to_owned(), line: 0, column: 0, text }];
    let octets = std::fs::read(path)
        .map_err(|error| whole(format!("cannot be read: {error}, expected a configuration file")))?;
    let text = String::from_utf8(octets).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.iter().filter(|octet| **octet == b'\n').count() + 1;
        let column = good.iter().rev().take_while(|octet| **octet != b'\n').count() + 1;
        let text = "octet that is not UTF-8, expected text".to_owned();
        vec![ConfigError { file: path.to_owned(), line, column, text }]
    })?;
    Reader::new(path, strictness).read(&text)
}

/// Reads a configuration from text; `name` stands for the file in errors.
///
/// # Errors
/// All that is wrong with it, in the order of its lines.
pub fn parse_str(name: &str, text: &str, strictness: Strictness) -> Loaded {
    Reader::new(Path::new(name), strictness).read(text)
}

/// For fuzzing: reads anything; what is accepted must be written so that it reads back the same.
///
/// # Panics
/// Where it does not.
pub fn fuzz_config(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let Ok((config, _)) = parse_str("fuzz", &text, Strictness::Lenient) else { return };
    let written: String = super::running_config(&config).collect();
    match parse_str("written", &written, Strictness::Strict) {
        Ok((again, _)) => assert_eq!(again, config, "{written}"),
        Err(errors) => panic!("{errors:?} in\n{written}"),
    }
}

struct Reader<'f> {
    file: &'f Path,
    strictness: Strictness,
    config: Arc<Config>,
    session: Session,
    errors: Vec<ConfigError>,
    warnings: Vec<Warning>,
    /// The indentation of a line that was refused, while its block is skipped.
    skipping: Option<Skipped>,
}

#[derive(Clone, Copy)]
struct Skipped {
    indent: usize,
    /// Whether a line that leaves a block may follow and is part of what is skipped.
    exit: bool,
}

impl<'f> Reader<'f> {
    fn new(file: &'f Path, strictness: Strictness) -> Self {
        Reader {
            file,
            strictness,
            config: Arc::default(),
            session: Session::configuring(),
            errors: Vec::new(),
            warnings: Vec::new(),
            skipping: None,
        }
    }

    fn read(mut self, text: &str) -> Loaded {
        for (at, line) in text.lines().enumerate() {
            self.line(at + 1, line);
        }
        if self.errors.is_empty() {
            Ok((Arc::unwrap_or_clone(self.config), self.warnings))
        } else {
            Err(self.errors)
        }
    }

    fn line(&mut self, number: usize, line: &str) {
        if is_comment(line) {
            return;
        }
        let indent = line.len() - line.trim_start().len();
        let word = line.split_ascii_whitespace().next().unwrap_or_default();
        if let Some(skipped) = self.skipping {
            if indent > skipped.indent {
                return;
            }
            self.skipping = None;
            let leaves = word == "exit" || word.starts_with("exit-");
            if skipped.exit && leaves && indent == skipped.indent {
                return;
            }
        }
        // FRR writes `end` behind the last line and `exit` behind blocks; a file ends with itself.
        if word == "end" || (word == "exit" && *self.session.mode() == Mode::Config) {
            self.session = Session::configuring();
            return;
        }
        match self.session.execute(line, &mut self.config) {
            Ok(Outcome::Nothing | Outcome::Configured | Outcome::Entered) => {}
            Ok(Outcome::Leave | Outcome::Run(_) | Outcome::Shell(_)) => {
                self.error(number, indent, format!("'{}' is no line of a configuration", line.trim()));
            }
            Err(error) => self.refused(number, indent, line, &error),
        }
    }

    fn refused(&mut self, number: usize, indent: usize, line: &str, error: &LineError) {
        self.skipping = Some(Skipped { indent, exit: true });
        if indent == 0 && is_foreign(line) && !matches!(error, LineError::Refused { .. }) {
            let text = format!("'{}' is for another FRR daemon", line.trim());
            match self.strictness {
                Strictness::Lenient => {
                    let text = format!("{text}, skipped");
                    self.warnings.push(Warning(self.place(number, 0, text)));
                }
                Strictness::Strict => {
                    self.error(number, 0, format!("{text}, expected no such line, or --lenient to skip it"));
                }
            }
            return;
        }
        self.error(number, error.column(), explain(line, error));
    }

    fn place(&self, line: usize, column: usize, text: String) -> ConfigError {
        ConfigError { file: self.file.to_owned(), line, column: column + 1, text }
    }

    fn error(&mut self, line: usize, column: usize, text: String) {
        let error = self.place(line, column, text);
        self.errors.push(error);
    }
}

/// What is wrong with a line and what was expected, in words.
fn explain(line: &str, error: &LineError) -> String {
    let word = line.get(error.column()..).and_then(|rest| rest.split_ascii_whitespace().next()).unwrap_or("");
    let (wrong, expected) = match error {
        LineError::Unknown { expected, .. } => (format!("'{word}' is unknown here"), expected),
        LineError::Ambiguous { expected, .. } => (format!("'{word}' is ambiguous"), expected),
        LineError::Incomplete { expected, .. } => ("the line is incomplete".to_owned(), expected),
        LineError::Refused { refusal, .. } => return refusal.0.clone(),
    };
    match expected.as_slice() {
        [] => format!("{wrong}, expected a command that FTBGP has"),
        [one] => format!("{wrong}, expected {one}"),
        many => format!("{wrong}, expected one of {}", many.join(", ")),
    }
}
