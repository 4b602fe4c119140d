//! The examples as programs: real clients talk to them while their primary is killed, and must not notice.

mod mail;
mod running;
mod tftp;
mod web;
