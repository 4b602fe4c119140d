//! `| json KEY KEY …`: of an answer in JSON what lies below these keys, as it comes. `*` is any key; an element of a
//! list is called by its number, from 0.
//!
//! The answer is read letter by letter and nothing of it is kept but where in it the reader is.

/// An object or a list that the reader is in.
#[derive(Debug)]
struct Level {
    /// Whether all keys down to here are the wanted ones.
    fits: bool,
    /// The number of the element; `None` in an object.
    element: Option<usize>,
    /// In an object: a key comes next.
    key_comes: bool,
}

/// What kind of letters come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Letters {
    Between,
    /// Of a number or a word.
    Plain,
    /// Of a text; whether the last one was a backslash.
    Text {
        escaped: bool,
    },
    /// Of a key; likewise.
    Key {
        escaped: bool,
    },
}

/// The choice at work.
#[derive(Debug)]
pub(super) struct Select {
    wanted: Vec<String>,
    levels: Vec<Level>,
    letters: Letters,
    key: String,
    /// A wanted value is being read, which began when there were so many levels.
    chosen: Option<usize>,
    /// By how many columns the chosen value was indented; `dropped` are those of the present line that went.
    indent: usize,
    column: usize,
    leading: bool,
}

impl Select {
    pub(super) fn new(wanted: Vec<String>) -> Select {
        Select {
            wanted,
            levels: Vec::new(),
            letters: Letters::Between,
            key: String::new(),
            chosen: None,
            indent: 0,
            column: 0,
            leading: true,
        }
    }

    /// Takes text cut anywhere; gives what is wanted of it, each value with a newline behind it.
    pub(super) fn push(&mut self, text: &str) -> String {
        let mut out = String::new();
        for letter in text.chars() {
            self.letter(letter, &mut out);
            self.count(letter);
        }
        out
    }

    fn count(&mut self, letter: char) {
        if letter == '\n' {
            (self.column, self.leading) = (0, true);
        } else if self.leading && letter == ' ' {
            self.column += 1;
        } else {
            self.leading = false;
        }
    }

    fn letter(&mut self, letter: char, out: &mut String) {
        match self.letters {
            Letters::Text { escaped } => {
                self.emit(letter, out);
                self.letters = Letters::Text { escaped: !escaped && letter == '\\' };
                if letter == '"' && !escaped {
                    self.letters = Letters::Between;
                    self.end_value(out);
                }
            }
            Letters::Key { escaped } => {
                self.emit(letter, out);
                self.letters = Letters::Key { escaped: !escaped && letter == '\\' };
                if letter == '"' && !escaped {
                    self.letters = Letters::Between;
                    self.end_key();
                } else {
                    self.key.push(letter);
                }
            }
            Letters::Plain if letter.is_whitespace() || ",]}".contains(letter) => {
                self.letters = Letters::Between;
                self.end_value(out);
                self.between(letter, out);
            }
            Letters::Plain => self.emit(letter, out),
            Letters::Between => self.between(letter, out),
        }
    }

    fn between(&mut self, letter: char, out: &mut String) {
        match letter {
            '{' | '[' => {
                self.begin_value();
                self.emit(letter, out);
                let element = (letter == '[').then_some(0);
                self.levels.push(Level { fits: false, element, key_comes: element.is_none() });
                if element.is_some() {
                    self.end_key();
                }
            }
            '}' | ']' => {
                self.levels.pop();
                self.emit(letter, out);
                self.end_value(out);
            }
            '"' if self.levels.last().is_some_and(|level| level.key_comes) => {
                self.emit(letter, out);
                self.key.clear();
                self.letters = Letters::Key { escaped: false };
            }
            '"' => {
                self.begin_value();
                self.emit(letter, out);
                self.letters = Letters::Text { escaped: false };
            }
            ',' => {
                self.emit(letter, out);
                if let Some(level) = self.levels.last_mut() {
                    level.key_comes = level.element.is_none();
                    level.element = level.element.map(|element| element + 1);
                    if level.element.is_some() {
                        self.end_key();
                    }
                }
            }
            ':' => self.emit(letter, out),
            letter if letter.is_whitespace() => self.emit(letter, out),
            letter => {
                self.begin_value();
                self.emit(letter, out);
                self.letters = Letters::Plain;
            }
        }
    }

    /// The key, or the number, of the innermost level is known.
    fn end_key(&mut self) {
        let depth = self.levels.len();
        let above = depth < 2 || self.levels[depth - 2].fits;
        let wanted = self.wanted.get(depth.wrapping_sub(1));
        let Some(level) = self.levels.last_mut() else { return };
        level.key_comes = false;
        level.fits = above
            && wanted.is_some_and(|wanted| match level.element {
                _ if wanted == "*" => true,
                Some(element) => wanted.parse() == Ok(element),
                None => *wanted == self.key,
            });
    }

    fn begin_value(&mut self) {
        let fits = self.levels.last().is_none_or(|level| level.fits);
        if self.chosen.is_none() && fits && self.levels.len() == self.wanted.len() {
            (self.chosen, self.indent) = (Some(self.levels.len()), self.column);
        }
    }

    fn end_value(&mut self, out: &mut String) {
        if self.chosen == Some(self.levels.len()) {
            self.chosen = None;
            out.push('\n');
        }
    }

    fn emit(&self, letter: char, out: &mut String) {
        let dropped = self.leading && letter == ' ' && self.column < self.indent;
        if self.chosen.is_some() && !dropped {
            out.push(letter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "{\n  \"a.b\":{\n    \"x\":1,\n    \"y\":[\n      {\"k\":\"}\\\"\"},\n      {\"k\":null}\n    ]\n  },\n  \
                        \"c\":{\"x\":-2.5e3}\n}\n";

    fn chosen(keys: &str) -> String {
        let wanted: Vec<String> = keys.split_whitespace().map(str::to_owned).collect();
        let whole = Select::new(wanted.clone()).push(TEXT);
        let mut select = Select::new(wanted);
        let cut: String = TEXT.chars().map(|letter| select.push(&letter.to_string())).collect();
        assert_eq!(whole, cut, "wherever it is cut");
        whole
    }

    #[test]
    fn what_lies_below_the_keys_passes() {
        assert_eq!(chosen("a.b x"), "1\n");
        assert_eq!(chosen("* x"), "1\n-2.5e3\n");
        assert_eq!(chosen("a.b y 1 k"), "null\n");
        assert_eq!(chosen("a.b y * k"), "\"}\\\"\"\nnull\n");
        assert_eq!(chosen("a.b y"), "[\n  {\"k\":\"}\\\"\"},\n  {\"k\":null}\n]\n");
        assert_eq!(chosen("x"), "");
        assert_eq!(chosen("c x z"), "");
    }
}
