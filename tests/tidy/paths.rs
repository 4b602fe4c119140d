//! Every path that a file names, whole: `use` trees are taken apart, `super` and `self` are followed.

use crate::source::{Source, is_word};

/// A path and where it stands.
pub struct Named {
    /// Its segments, from a crate's name or `crate` on.
    pub segments: Vec<String>,
    /// Where it begins in the file.
    pub offset: usize,
}

impl Named {
    /// As it would be written.
    pub fn text(&self) -> String {
        self.segments.join("::")
    }
}

/// The module that a file below `src/` is: `src/rib/table.rs` is `rib::table`.
pub fn module_of(path: &str) -> Vec<String> {
    let inside = path.split_once("/src/").map_or("", |(_, inside)| inside);
    let inside = inside.trim_end_matches(".rs").trim_end_matches("/mod");
    let segments = inside.split('/').filter(|segment| !matches!(*segment, "lib" | "main" | "mod" | ""));
    segments.map(str::to_owned).collect()
}

/// The paths of a file.
pub fn paths(source: &Source) -> Vec<Named> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < source.code.len() {
        at = next_path(source, at, &mut found);
    }
    let module = module_of(&source.path);
    let inline = inline_modules(source);
    for named in &mut found {
        let depth = inline.iter().filter(|(from, to)| (*from..*to).contains(&named.offset)).count();
        resolve(&mut named.segments, &module, depth);
    }
    found
}

/// Reads the path or `use` tree at `at`, if one begins there, and says where to go on.
fn next_path(source: &Source, at: usize, found: &mut Vec<Named>) -> usize {
    let octets = source.code.as_bytes();
    let begins = is_word(octets[at]) && (at == 0 || !is_word(octets[at - 1]));
    if !begins {
        return at + 1;
    }
    let length = octets[at..].iter().take_while(|octet| is_word(**octet)).count();
    if &source.code[at..at + length] == "use" {
        return use_tree(source, at + length, &[], found);
    }
    let (segments, end) = segments(source, at);
    if segments.len() > 1 && !source.code[..at].ends_with("::") {
        found.push(Named { segments, offset: at });
    }
    end
}

/// Words with `::` between them, from `at` on, and where they end.
fn segments(source: &Source, mut at: usize) -> (Vec<String>, usize) {
    let octets = source.code.as_bytes();
    let mut segments = Vec::new();
    loop {
        let length = octets[at..].iter().take_while(|octet| is_word(**octet)).count();
        segments.push(source.code[at..at + length].to_owned());
        at += length;
        match &octets[at..] {
            [b':', b':', next, ..] if is_word(*next) => at += 2,
            _ => return (segments, at),
        }
    }
}

/// Takes a `use` tree apart: every leaf with what stands before it.
fn use_tree(source: &Source, at: usize, before: &[String], found: &mut Vec<Named>) -> usize {
    let octets = source.code.as_bytes();
    let mut at = at;
    loop {
        at += octets[at..].iter().take_while(|octet| octet.is_ascii_whitespace()).count();
        let mut path = before.to_vec();
        let offset = at;
        if octets.get(at).is_some_and(|octet| is_word(*octet)) {
            let (segments, end) = segments(source, at);
            path.extend(segments);
            at = end;
        }
        if octets[at..].starts_with(b"::") {
            at += 2;
        }
        if octets.get(at) == Some(&b'{') {
            at = use_tree(source, at + 1, &path, found);
        } else if path.len() > before.len() {
            found.push(Named { segments: path, offset });
        }
        let stop = octets[at..].iter().position(|octet| matches!(octet, b',' | b'}' | b';'));
        let Some(stop) = stop else { return octets.len() };
        at += stop + 1;
        if octets[at - 1] != b',' {
            return at;
        }
    }
}

/// Where the modules in braces are.
fn inline_modules(source: &Source) -> Vec<(usize, usize)> {
    let words = source.words();
    let pairs = words.windows(2).filter(|pair| pair[0].1 == "mod");
    let opens = pairs.filter_map(|pair| {
        let end = pair[1].0 + pair[1].1.len();
        let open = end + source.code[end..].find(|c: char| !c.is_whitespace())?;
        (source.code.as_bytes()[open] == b'{').then(|| (open, source.closing(open)))
    });
    opens.collect()
}

/// Writes a path from `crate` on, for a place in `module` and in so many modules in braces.
fn resolve(segments: &mut Vec<String>, module: &[String], inline: usize) {
    let up = segments.iter().take_while(|segment| *segment == "super").count();
    let relative = up > 0 || segments.first().is_some_and(|first| first == "self");
    if !relative {
        return;
    }
    let keep = (module.len() + inline).saturating_sub(up).min(module.len());
    let tail = segments.iter().skip(up).filter(|segment| *segment != "self").cloned();
    *segments = ["crate".to_owned()].into_iter().chain(module[..keep].iter().cloned()).chain(tail).collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_are_taken_apart_and_relative_paths_followed() {
        let text = "use super::{facts::{self, Facts}, *};\nuse crate::wire::Nlri as N;\n\
                    fn f() { alloc::vec::Vec::<crate::value::Asn>::new(); }\nmod tests { use super::super::x; }";
        let source = Source::new("bgpd/engine/src/rib/table/read.rs".to_owned(), text.to_owned());
        let found: Vec<_> = paths(&source).iter().map(Named::text).collect();
        let expected = [
            "crate::rib::table::facts",
            "crate::rib::table::facts::Facts",
            "crate::wire::Nlri",
            "alloc::vec::Vec",
            "crate::value::Asn",
            "crate::rib::table::x",
        ];
        assert_eq!(found, expected);
    }
}
