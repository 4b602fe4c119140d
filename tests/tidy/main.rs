//! The style guide as a test: what may know what, how long a file may be, how things may be called.
//!
//! It reads the tree as text; nothing is built and nothing is run, so it takes a moment. Every message names the
//! place and says what to do. What is worse than the rules stands in `ratchet.txt` with its number, which may
//! only become smaller.

mod arrows;
mod manifests;
mod names;
mod paths;
mod reach;
mod sizes;
mod source;
mod tables;
mod top;
mod tree;
mod words;

use tree::Tree;

/// Fails with every complaint, one a line.
fn expect_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn every_path_follows_the_arrows() {
    expect_none(&arrows::complaints(&Tree::read()));
}

#[test]
fn the_engine_is_pure() {
    expect_none(&arrows::impurities(&Tree::read()));
}

#[test]
fn crates_depend_only_where_an_arrow_goes_and_take_versions_from_the_root() {
    expect_none(&manifests::complaints(&Tree::read()));
}

#[test]
fn files_and_functions_are_short_and_the_exceptions_become_fewer() {
    expect_none(&sizes::complaints(&Tree::read()));
}

#[test]
fn every_file_is_reached_from_a_root() {
    expect_none(&reach::complaints(&Tree::read()));
}

#[test]
fn names_say_what_a_thing_is() {
    expect_none(&names::complaints(&Tree::read()));
}

#[test]
fn nothing_is_left_for_later_and_nothing_is_silenced_without_a_reason() {
    expect_none(&words::complaints(&Tree::read()));
}

#[test]
fn every_attribute_has_its_row_and_every_command_its_place() {
    expect_none(&tables::complaints(&Tree::read()));
}

#[test]
fn the_top_level_holds_what_the_card_says() {
    expect_none(&top::complaints(&Tree::read()));
}
