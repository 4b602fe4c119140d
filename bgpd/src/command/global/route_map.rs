//! `route-map NAME permit|deny SEQUENCE`: an entry of a route map, and how maps are written as a whole.

use bgp_engine::policy::{Action, RouteMapEntry};

use super::CONFIG;
use crate::command::{Args, Command, Edit, Form, Mode, No, Refusal, Run, route_map};

pub(super) const COMMAND: Command = Command {
    forms: &[Form {
        places: CONFIG,
        text: "route-map WORD$name <permit|deny> (1-65535)$seq",
        no: No::As("route-map WORD$name [<permit|deny> (1-65535)$seq]"),
    }],
    help: "Create route-map or enter route-map command mode",
    words: &[
        ("WORD", "Route map tag"),
        ("permit", "Route map permits set operations"),
        ("deny", "Route map denies set operations"),
        ("(1-65535)", "Sequence to insert to/delete from existing route-map entry"),
    ],
    run: Run::Block {
        enter: |args| {
            let (name, sequence) = (args.word("name")?.to_owned(), args.need("seq")?);
            Ok(Mode::RouteMap { name, action: action(args), sequence })
        },
        edit: Edit {
            set: |config, args| {
                let map = config.engine.route_maps.entry(args.word("name")?.to_owned()).or_default();
                let entry = map.entries.entry(args.need("seq")?);
                entry.or_insert_with(|| RouteMapEntry::new(action(args))).action = action(args);
                Ok(())
            },
            unset: |config, args| {
                let name = args.word("name")?;
                let maps = &mut config.engine.route_maps;
                let map = maps
                    .get_mut(name)
                    .ok_or_else(|| Refusal::new(format!("Could not find route-map {name}")))?;
                match args.find::<u32>("seq") {
                    Some(sequence) => {
                        map.entries.remove(&sequence).ok_or_else(|| {
                            Refusal::new(format!("Route-map {name} has no entry {sequence}"))
                        })?;
                    }
                    None => map.entries.clear(),
                }
                if map.entries.is_empty() {
                    maps.remove(name);
                }
                Ok(())
            },
            write: |config, out| {
                for (name, map) in &config.engine.route_maps {
                    for (sequence, entry) in &map.entries {
                        out.line(format_args!("route-map {name} {} {sequence}", entry.action.word()));
                        out.block(|out| route_map::write(entry, out));
                        out.line(format_args!("exit"));
                        out.separate();
                    }
                }
            },
        },
    },
};

fn action(args: &Args<'_>) -> Action {
    if args.has("permit") { Action::Permit } else { Action::Deny }
}
