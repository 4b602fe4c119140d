//! `neighbor X port N`.

use super::number;

number!(port, "port", "(0-65535)", "Neighbor's BGP port");
