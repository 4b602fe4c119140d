//! Names that say nothing of what a thing is.

use crate::sizes::functions;
use crate::source::Source;
use crate::tree::Tree;

/// Parts of a type's name.
const TYPE_PARTS: [&str; 8] = ["Manager", "Handler", "Helper", "Info", "Data", "Context", "Util", "Utils"];
/// Names of modules and files.
const MODULES: [&str; 10] =
    ["util", "utils", "common", "helper", "helpers", "manager", "handler", "info", "data", "context"];
/// Beginnings of a function's name.
const VERBS: [&str; 4] = ["process_", "get_", "handle_", "do_"];
/// What declares a type.
const TYPES: [&str; 5] = ["struct", "enum", "trait", "type", "union"];

/// Every such name.
pub fn complaints(tree: &Tree) -> Vec<String> {
    tree.sources.iter().flat_map(in_file).collect()
}

fn in_file(source: &Source) -> Vec<String> {
    let mut complaints = Vec::new();
    let parts: Vec<_> = source.path.trim_end_matches(".rs").split('/').collect();
    if let Some(part) = parts.iter().find(|part| MODULES.contains(part)) {
        complaints
            .push(format!("{}: `{part}` says nothing: name the file after what lives in it", source.path));
    }
    for pair in source.words().windows(2) {
        let [(_, keyword), (offset, name)] = pair else { continue };
        let at = source.at(*offset);
        if TYPES.contains(keyword) && camel_parts(name).iter().any(|part| TYPE_PARTS.contains(part)) {
            complaints.push(format!("{at}: type `{name}`: call it what it is, as the RFCs do"));
        }
        if *keyword == "mod" && MODULES.contains(name) {
            complaints.push(format!("{at}: module `{name}`: name it after what lives in it"));
        }
    }
    for function in functions(source) {
        if VERBS.iter().any(|verb| function.name.starts_with(verb)) {
            complaints.push(format!(
                "{}: function `{}`: say what it does (parse, step, decide, …); what only reads is called by its \
                 noun",
                source.at(function.offset),
                function.name
            ));
        }
    }
    complaints
}

/// The parts of a name in camel case.
fn camel_parts(name: &str) -> Vec<&str> {
    let mut starts: Vec<_> =
        name.char_indices().filter(|(_, c)| c.is_uppercase()).map(|(at, _)| at).collect();
    starts.push(name.len());
    starts.windows(2).map(|pair| &name[pair[0]..pair[1]]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_say_nothing_are_found_and_others_are_not() {
        let bad = "struct PeerInfo; mod util; fn get_peer() {} enum DataKind {}";
        let good =
            "struct Information; mod utility; fn target_peer() {} enum Database {} fn forget_peer() {}";
        assert_eq!(in_file(&Source::new("a/peer.rs".to_owned(), bad.to_owned())).len(), 4);
        assert_eq!(in_file(&Source::new("a/peer.rs".to_owned(), good.to_owned())), Vec::<String>::new());
        assert_eq!(in_file(&Source::new("a/common.rs".to_owned(), String::new())).len(), 1);
    }
}
