//! What a line can ask of the shell that it is typed into. The grammar knows these lines like all others, so that
//! abbreviations, help and completion are the same for them; the daemon has nothing to do with most of them.

/// What a shell does itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Local {
    /// Answers longer than so many lines are shown page by page; zero: none is.
    Length(u32),
    /// Answers are given to the pager.
    Paginate(Switch),
    /// The log's lines are shown as they come.
    Monitor(Switch),
    /// The lines that were typed are shown.
    History,
    /// What a line shows is painted again and again.
    Watch {
        /// The line, with what stands behind its pipes.
        line: String,
        /// How long between two pictures, in seconds.
        pause_s: u32,
    },
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}
