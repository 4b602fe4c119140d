//! What stands behind a pipe: `| include REGEX` and its relatives. They work on lines, as these come.

use regex::Regex;

use super::select::Select;

/// A filter of lines.
#[derive(Clone, Debug)]
pub enum Filter {
    /// Lines that match.
    Include(Regex),
    /// Lines that do not.
    Exclude(Regex),
    /// The first line that matches and all behind it.
    Begin(Regex),
    /// The number of lines that match; of all where nothing is asked for.
    Count(Option<Regex>),
    /// Lines that match, each with the deeper indented lines behind it.
    Section(Regex),
    /// The answer as JSON: the command is run with `json` behind it; of that, what lies below these keys.
    Json(Vec<String>),
}

/// What is wrong behind a pipe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// There is no such filter.
    #[error("% Unknown action '{0}'")]
    UnknownAction(String),
    /// The filter needs a regular expression.
    #[error("% Need a regexp to filter with")]
    RegexMissing,
    /// What stands there is none.
    #[error("% Regex compilation error: {why}\n% Bad regexp '{regex}'")]
    RegexInvalid {
        /// What stands there.
        regex: String,
        /// What is wrong with it.
        why: String,
    },
    /// Only the command itself can be asked for JSON.
    #[error("% 'json' must be the first action")]
    JsonLater,
}

/// The command before the last pipe and what stands behind it; a pipe is `| ` as in FRR, or ends the line.
#[must_use]
pub fn split_pipe(line: &str) -> Option<(&str, &str)> {
    let at = line.find("| ").or_else(|| line.trim_end().strip_suffix('|').map(str::len))?;
    Some((line[..at].trim_end(), line[at + 1..].trim()))
}

/// Reads what stands behind the first pipe: actions with pipes between them.
///
/// # Errors
/// Where one of them is none, or `json` is not the first.
pub fn parse_actions(text: &str) -> Result<Vec<Filter>, FilterError> {
    let filters: Vec<Filter> =
        text.split(" | ").map(|action| Filter::parse(action.trim())).collect::<Result<_, _>>()?;
    let json_later = filters.iter().skip(1).any(|filter| matches!(filter, Filter::Json(_)));
    if json_later { Err(FilterError::JsonLater) } else { Ok(filters) }
}

/// Filters one behind the other.
#[derive(Debug, Default)]
pub(super) struct Chain {
    select: Option<Select>,
    links: Vec<Filtering>,
}

impl Chain {
    pub(super) fn new(filters: &[Filter]) -> Chain {
        let mut chain = Chain::default();
        for filter in filters {
            match filter {
                Filter::Json(keys) if keys.is_empty() => {}
                Filter::Json(keys) => chain.select = Some(Select::new(keys.clone())),
                filter => chain.links.push(Filtering::new(filter.clone())),
            }
        }
        chain
    }

    /// Takes text cut anywhere; gives what passes.
    pub(super) fn push(&mut self, text: &str) -> String {
        let mut text = match &mut self.select {
            Some(select) => select.push(text),
            None => text.to_owned(),
        };
        for link in &mut self.links {
            let mut passed = String::new();
            link.push(&text, &mut passed);
            text = passed;
        }
        text
    }

    /// Takes the end of the text; gives what passes.
    pub(super) fn finish(&mut self) -> String {
        let mut text = String::new();
        for link in &mut self.links {
            let mut passed = String::new();
            link.push(&text, &mut passed);
            link.finish(&mut passed);
            text = passed;
        }
        text
    }
}

impl Filter {
    /// Reads what stands behind a pipe. An action may be cut to what no other begins with.
    ///
    /// # Errors
    /// Where there is no such action, or its regular expression is none.
    pub fn parse(text: &str) -> Result<Filter, FilterError> {
        let (action, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        let regex = || {
            if rest.is_empty() {
                return Err(FilterError::RegexMissing);
            }
            Regex::new(rest).map_err(|error| {
                // The last line of the library's text says what is wrong, those before it show where.
                let why = error.to_string();
                let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                FilterError::RegexInvalid { regex: rest.to_owned(), why }
            })
        };
        const ACTIONS: [&str; 6] = ["include", "exclude", "begin", "count", "section", "json"];
        let found = ACTIONS.into_iter().find(|name| !action.is_empty() && name.starts_with(action));
        match found {
            Some("include") => Ok(Filter::Include(regex()?)),
            Some("exclude") => Ok(Filter::Exclude(regex()?)),
            Some("begin") => Ok(Filter::Begin(regex()?)),
            Some("count") if rest.is_empty() => Ok(Filter::Count(None)),
            Some("count") => Ok(Filter::Count(Some(regex()?))),
            Some("section") => Ok(Filter::Section(regex()?)),
            Some("json") => Ok(Filter::Json(rest.split_ascii_whitespace().map(str::to_owned).collect())),
            _ => Err(FilterError::UnknownAction(action.to_owned())),
        }
    }
}

/// A filter at work: takes text cut anywhere, gives whole lines.
#[derive(Debug)]
pub(super) struct Filtering {
    filter: Filter,
    /// The beginning of a line whose end has not come.
    partial: String,
    /// `begin`: the line has come. `section`: in a section.
    open: bool,
    /// `section`: the indentation of the line that opened it.
    indent: usize,
    count: usize,
}

impl Filtering {
    pub(super) fn new(filter: Filter) -> Filtering {
        Filtering { filter, partial: String::new(), open: false, indent: 0, count: 0 }
    }

    /// Takes text; what passes is written to `out`.
    pub(super) fn push(&mut self, text: &str, out: &mut String) {
        let mut rest = text;
        while let Some(end) = rest.find('\n') {
            let (line, behind) = rest.split_at(end + 1);
            rest = behind;
            if self.partial.is_empty() {
                self.line(line, out);
            } else {
                let mut whole = std::mem::take(&mut self.partial);
                whole.push_str(line);
                self.line(&whole, out);
            }
        }
        self.partial.push_str(rest);
    }

    /// Takes the end of the text.
    pub(super) fn finish(&mut self, out: &mut String) {
        let last = std::mem::take(&mut self.partial);
        if !last.is_empty() {
            self.line(&last, out);
        }
        if let Filter::Count(_) = self.filter {
            out.push_str(&format!("{}\n", self.count));
        }
    }

    fn line(&mut self, line: &str, out: &mut String) {
        let text = line.trim_end_matches(['\r', '\n']);
        let passes = match &self.filter {
            Filter::Include(regex) => regex.is_match(text),
            Filter::Exclude(regex) => !regex.is_match(text),
            Filter::Begin(regex) => {
                self.open |= regex.is_match(text);
                self.open
            }
            Filter::Count(regex) => {
                self.count += usize::from(regex.as_ref().is_none_or(|regex| regex.is_match(text)));
                false
            }
            Filter::Section(regex) => {
                let indent = text.len() - text.trim_start().len();
                self.open &= indent > self.indent;
                if !self.open && regex.is_match(text) {
                    (self.open, self.indent) = (true, indent);
                }
                self.open
            }
            Filter::Json(_) => true,
        };
        if passes {
            out.push_str(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "router bgp 1\n neighbor A\n  deep\n neighbor B\nend\nrouter x\n y\n";

    fn through(action: &str) -> String {
        let mut out = String::new();
        let mut filtering = Filtering::new(Filter::parse(action).unwrap());
        // Cut in the middle of lines.
        for part in TEXT.as_bytes().chunks(5) {
            filtering.push(std::str::from_utf8(part).unwrap(), &mut out);
        }
        filtering.finish(&mut out);
        out
    }

    #[test]
    fn each_filter_lets_its_lines_pass() {
        assert_eq!(through("include neigh|end"), " neighbor A\n neighbor B\nend\n");
        assert_eq!(through("exclude ^[[:space:]]"), "router bgp 1\nend\nrouter x\n");
        assert_eq!(through("begin ^end$"), "end\nrouter x\n y\n");
        assert_eq!(through("count"), "7\n");
        assert_eq!(through("count router"), "2\n");
        assert_eq!(
            through("section ^router"),
            "router bgp 1\n neighbor A\n  deep\n neighbor B\nrouter x\n y\n"
        );
        assert_eq!(through("section neighbor A"), " neighbor A\n  deep\n");
    }

    #[test]
    fn what_is_wrong_is_said_in_frrs_words() {
        let error = |text: &str| Filter::parse(text).unwrap_err().to_string();
        assert_eq!(error("grep x"), "% Unknown action 'grep'");
        assert_eq!(error("include"), "% Need a regexp to filter with");
        assert_eq!(error("include ("), "% Regex compilation error: unclosed group\n% Bad regexp '('");
        let later = parse_actions("include x | json").unwrap_err().to_string();
        assert_eq!(later, "% 'json' must be the first action");
    }

    #[test]
    fn filters_follow_one_another() {
        let filters = parse_actions("section ^router bgp | include neigh|deep | count").unwrap();
        let mut chain = Chain::new(&filters);
        let mut out = String::new();
        for part in TEXT.as_bytes().chunks(3) {
            out.push_str(&chain.push(std::str::from_utf8(part).unwrap()));
        }
        out.push_str(&chain.finish());
        assert_eq!(out, "3\n");
        let mut chain = Chain::new(&parse_actions("json a b | exclude 2").unwrap());
        let out = chain.push("{\"a\":{\"b\":[\n1,\n2,\n3]},\"b\":7}\n") + &chain.finish();
        assert_eq!(out, "[\n1,\n3]\n");
    }

    #[test]
    fn a_pipe_is_a_bar_and_a_space() {
        assert_eq!(split_pipe("show bgp | include a|b"), Some(("show bgp", "include a|b")));
        assert_eq!(split_pipe("show bgp regexp a|b"), None);
        assert_eq!(split_pipe("show bgp |"), Some(("show bgp", "")));
    }
}
