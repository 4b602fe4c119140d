//! Command lines of SMTP (RFC 5321 §4.1).

/// A command, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// HELO or EHLO, and who the client says it is.
    Hello {
        name: String,
        extended: Extended,
    },
    /// MAIL: who the message is from (empty for nobody), and how long the client says that it is.
    Mail {
        sender: String,
        size: u64,
    },
    /// RCPT: who it is to.
    Recipient(String),
    Message,
    Reset,
    Nothing,
    Verify,
    Help,
    Quit,
}

/// Which of the two greetings a client has used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extended {
    Yes,
    No,
}

/// What is answered to a line that is no command: a code and a text.
pub type Refusal = &'static str;

const SYNTAX: Refusal = "501 5.5.4 the argument of this command is not understood";

/// Understands a line, which has no end any more.
///
/// # Errors
/// The reply to what is not understood.
pub fn parse(line: &[u8]) -> Result<Command, Refusal> {
    let line = std::str::from_utf8(line).ok().filter(|line| !line.contains(char::is_control));
    let line = line.ok_or("500 5.5.2 a command is a line of printable characters")?;
    let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
    let argument = argument.trim();
    match verb.to_ascii_uppercase().as_str() {
        "HELO" => hello(argument, Extended::No),
        "EHLO" => hello(argument, Extended::Yes),
        "MAIL" => mail(argument),
        "RCPT" => recipient(argument),
        "DATA" => alone(argument, Command::Message),
        "RSET" => alone(argument, Command::Reset),
        "NOOP" => Ok(Command::Nothing),
        "VRFY" => Ok(Command::Verify),
        "HELP" => Ok(Command::Help),
        "QUIT" => alone(argument, Command::Quit),
        _ => Err("502 5.5.1 this command is not known here"),
    }
}

fn hello(name: &str, extended: Extended) -> Result<Command, Refusal> {
    let known = !name.is_empty() && !name.contains(char::is_whitespace);
    known.then(|| Command::Hello { name: name.to_owned(), extended }).ok_or(SYNTAX)
}

fn alone(argument: &str, command: Command) -> Result<Command, Refusal> {
    if argument.is_empty() { Ok(command) } else { Err(SYNTAX) }
}

fn mail(argument: &str) -> Result<Command, Refusal> {
    let (sender, parameters) = path(argument, "FROM:").ok_or(SYNTAX)?;
    let mut size = 0;
    for parameter in parameters.split_ascii_whitespace() {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match (name.to_ascii_uppercase().as_str(), value.to_ascii_uppercase().as_str()) {
            ("SIZE", digits) => size = digits.parse().map_err(|_| SYNTAX)?,
            ("BODY", "7BIT" | "8BITMIME") => {}
            _ => return Err("555 5.5.4 this parameter is not known here"),
        }
    }
    Ok(Command::Mail { sender: sender.to_owned(), size })
}

fn recipient(argument: &str) -> Result<Command, Refusal> {
    match path(argument, "TO:") {
        Some(("", _)) => Err("553 5.1.3 a message is to somebody"),
        Some((recipient, "")) => Ok(Command::Recipient(recipient.to_owned())),
        Some(_) => Err("555 5.5.4 this parameter is not known here"),
        None => Err(SYNTAX),
    }
}

/// The address in angle brackets behind a keyword, and what follows it.
fn path<'a>(argument: &'a str, keyword: &str) -> Option<(&'a str, &'a str)> {
    let found = argument.get(..keyword.len())?.eq_ignore_ascii_case(keyword);
    let rest = argument[keyword.len()..].trim_start().strip_prefix('<').filter(|_| found)?;
    let mut quoted = false;
    let mut escaped = false;
    let end = rest.find(|octet| {
        let ends = octet == '>' && !quoted;
        quoted ^= octet == '"' && !escaped;
        escaped = octet == '\\' && !escaped;
        ends
    })?;
    let after = &rest[end + 1..];
    (after.is_empty() || after.starts_with(' ')).then(|| (&rest[..end], after.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_understood() {
        let mail = |sender: &str, size| Ok(Command::Mail { sender: sender.to_owned(), size });
        let to = |recipient: &str| Ok(Command::Recipient(recipient.to_owned()));
        assert_eq!(parse(b"mail from:<>"), mail("", 0));
        assert_eq!(parse(b"MAIL FROM: <a@b> BODY=8BITMIME size=12"), mail("a@b", 12));
        assert_eq!(parse(br#"RCPT TO:<"a>\"b"@c>"#), to(r#""a>\"b"@c"#));
        assert_eq!(parse(b"RCPT TO:<postmaster>"), to("postmaster"));
        assert_eq!(
            parse(b"ehlo [1.2.3.4]"),
            Ok(Command::Hello { name: "[1.2.3.4]".to_owned(), extended: Extended::Yes })
        );
        assert_eq!(parse(b"NOOP whatever"), Ok(Command::Nothing));
    }

    #[test]
    fn what_is_no_command_is_refused() {
        let code = |line: &[u8]| parse(line).unwrap_err().split(' ').next();
        for (line, expected) in [
            (&b"MAIL FROM:a@b"[..], "501"),
            (b"MAIL FROM:<a@b", "501"),
            (b"MAIL FROM:<a@b>x", "501"),
            (b"MAIL FROM:<a@b> SIZE=x", "501"),
            (b"MAIL FROM:<a@b> SIZE=99999999999999999999999", "501"),
            (b"MAIL FROM:<a@b> AUTH=<>", "555"),
            (b"RCPT TO:<>", "553"),
            (b"RCPT FROM:<a>", "501"),
            (b"EHLO", "501"),
            (b"DATA now", "501"),
            (b"BDAT 5", "502"),
            (b"", "502"),
            (b"GET / HTTP/1.1", "502"),
            (b"MAIL FROM:<a\rb>", "500"),
            (b"\xff\xfe", "500"),
        ] {
            assert_eq!(code(line), Some(expected), "{:?}", String::from_utf8_lossy(line));
        }
    }
}
