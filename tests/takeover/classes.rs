//! The tables: every failure class of one host, once.

use tests::takeover::proof::Excuses;
use tests::takeover::storm::{Counts, Manner, Storm};
use tests::takeover::world::{Start, World};

use crate::stage::{RECOVERY, Story, play, the_oracle, turn, with_faults};
use crate::{crash, fault, keeper, moments, planned, poison, scarcity, twin};

/// Outside faults, on the build that operators get.
const CLASSES: &[Story] = &[
    Story { name: "SIGKILL", tell: crash::kill },
    Story { name: "SIGSEGV", tell: crash::segv },
    Story { name: "SIGABRT", tell: crash::abort },
    Story { name: "SIGSTOP: a hang", tell: crash::stop },
    Story { name: "ten kills in a row", tell: crash::ten_in_a_row },
    Story { name: "killed while tables load, both ways", tell: crash::while_tables_load },
    Story { name: "killed while a new twin synchronises", tell: crash::while_synchronising },
    Story { name: "primary and twin killed together", tell: crash::both },
    Story { name: "the twin is killed", tell: twin::killed },
    Story { name: "the twin is stopped", tell: twin::stopped },
    Story { name: "the twin is restarted by command and signal", tell: twin::restarted },
    Story { name: "the keeper is killed and started again", tell: keeper::killed },
    Story { name: "the keeper is stopped", tell: keeper::stopped },
    Story { name: "the process id files name the processes", tell: keeper::pid_files },
    Story { name: "switchover by command", tell: planned::switchover },
    Story { name: "switchover by SIGTERM to the primary", tell: planned::term },
    Story { name: "upgrade to a copy of the binary", tell: planned::upgrade },
    Story { name: "upgrade to a binary with other output", tell: planned::upgrade_with_other_output },
    Story { name: "reload by SIGHUP, and a kill", tell: planned::reload },
    Story { name: "killed while a session comes up", tell: moments::sessions_coming_up },
    Story { name: "killed during route refresh", tell: moments::route_refresh },
    Story { name: "killed during a configuration change", tell: moments::configuration_change },
    Story { name: "killed during a shell's command", tell: moments::shell_command },
    Story { name: "a peer that stops reading", tell: scarcity::deaf_peer },
    Story { name: "no descriptors left", tell: scarcity::descriptors },
    Story { name: "a starved machine: nobody takes over", tell: scarcity::starved },
    // Restarts a neighbor, so it is the last one.
    Story { name: "killed during a neighbor's graceful restart", tell: moments::graceful_restart },
];

/// Inside faults, on the build that has them.
const FAULTS: &[Story] = &[
    Story { name: "panic", tell: |stage| fault::primary(stage, "panic") },
    Story { name: "abort", tell: |stage| fault::primary(stage, "abort") },
    Story { name: "segmentation fault", tell: |stage| fault::primary(stage, "segv") },
    Story { name: "out of memory", tell: |stage| fault::primary(stage, "oom") },
    Story { name: "deadlock", tell: |stage| fault::primary(stage, "deadlock") },
    Story { name: "endless loop", tell: |stage| fault::primary(stage, "loop") },
    Story { name: "exit", tell: |stage| fault::primary(stage, "exit") },
    Story { name: "panic some entries later, in a load", tell: fault::later },
    Story { name: "panic of the twin", tell: |stage| fault::twin(stage, "panic") },
    Story { name: "endless loop of the twin", tell: |stage| fault::twin(stage, "loop") },
    Story { name: "the twin diverges", tell: twin::diverges },
    Story { name: "a message that panics the parser", tell: |stage| poison::message(stage, 1) },
    Story { name: "a message that breaks the parser's memory", tell: |stage| poison::message(stage, 2) },
    Story { name: "a message that never lets the parser go", tell: |stage| poison::message(stage, 3) },
    Story { name: "poison whose prefixes cannot be read", tell: poison::unreadable },
    Story { name: "poison that can only be dropped", tell: poison::dropped },
    Story { name: "an input of its own that kills", tell: poison::own_input },
    Story { name: "poison again and again", tell: poison::again_and_again },
];

#[test]
fn every_failure_class_is_survived() {
    play("failure classes", &Start::hot(), CLASSES);
}

#[test]
fn every_inside_fault_and_poison_is_survived() {
    let only = std::env::var("TAKEOVER_ONLY").unwrap_or_default();
    if FAULTS.iter().any(|story| story.name.contains(&only)) {
        play("inside faults and poison", &with_faults(), FAULTS);
    }
}

/// Forty hits at random moments; `storm --hits 300` does more.
#[test]
fn a_storm_of_forty_hits_passes_unnoticed() {
    let _turn = turn();
    if !"storm".contains(&std::env::var("TAKEOVER_ONLY").unwrap_or_default()) {
        return;
    }
    let oracle = the_oracle();
    let mut world = World::start(&Start::hot()).unwrap_or_else(|error| panic!("{error}"));
    world.router().protected(RECOVERY).unwrap_or_else(|error| panic!("{error}"));
    let seed = std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs();
    println!("\na storm of 40 hits, seed {seed}");
    let storm = Storm { hits: 40, seed, manner: Manner::Polite };
    let excuses = Excuses::default();
    let mut counts = Counts::default();
    let ended = storm.rage(&world, &excuses, &mut counts, |number, line| println!("  {number:3}  {line}"));
    println!("  {counts}");
    ended.unwrap_or_else(|error| panic!("{error}\n{}", world.lab.logs()));
    let (verdict, _) = world.judge(Some(oracle), &excuses);
    assert_eq!(counts.resets, Vec::<String>::new());
    assert_eq!(verdict.complaints, Vec::<String>::new());
}
