//! The kernel's edge: shared memory, descriptors, processes. Here is the only `unsafe` of the crate, and no decision.
