//! `bgp client-to-client reflection`.

use super::flag;

flag!(
    client_to_client_reflection,
    "bgp client-to-client reflection",
    "Configure client to client route reflection"
);
