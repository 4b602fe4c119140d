//! Command lines as words: the splitting and quoting of a shell, without its expansions.

/// Splits `line` at blanks; quotes and backslashes bind as in a shell.
pub fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('\''), c) => word.get_or_insert_default().push(c),
            (_, '\\') => word.get_or_insert_default().extend(characters.next()),
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// `word` so that a shell reads exactly it.
pub fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_bind_and_blanks_part() {
        assert_eq!(split("ip addr  add 10.0.0.1/30 dev eth1").len(), 6);
        assert_eq!(split(r#"sh -c "a 'b' c" 'd "e"' f\ g"#), ["sh", "-c", "a 'b' c", "d \"e\"", "f g"]);
        assert_eq!(split("  "), Vec::<String>::new());
        assert_eq!(split("''"), [""]);
    }

    #[test]
    fn a_quoted_word_is_read_back_as_it_was() {
        for word in ["plain", "it's", "a b", "", "$HOME `x`"] {
            assert_eq!(split(&quote(word)), [word]);
        }
    }
}
