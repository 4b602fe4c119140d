//! The lab itself: what it reads, what it starts, and that it leaves nothing behind.

mod files;
mod lifetime;
mod schema;
