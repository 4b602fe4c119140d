//! The kernel's side of the router: links, addresses and routes, watched and written by netlink.
