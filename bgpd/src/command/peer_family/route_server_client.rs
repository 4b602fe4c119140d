//! `neighbor X route-server-client`.

use super::flag;

flag!(route_server_client, "route-server-client", "Configure a neighbor as Route Server client");
