//! What becomes of a route on its way to a peer: whether it may go there, and with which attributes.
//!
//! An [`Export`] is all that tells one peer's output from another's; peers with equal ones are an update group.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::facts::{PeerFacts, Source};
use super::import::drain;
use crate::attr::{Community, NextHop, NextHopMark, PathAttributes};
use crate::config::{AddPathTx, CommunityKinds, NextHopSelf, RemovePrivateAs};
use crate::policy::{Filter, Subject};
use crate::value::{Asn, Family, RouterId};
use crate::wire::Dialect;
use crate::wire::capability::Role;

/// Who a peer is to this router, as far as its output goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Towards {
    /// Another AS.
    External,
    /// This AS; a client of this route reflector or not.
    Internal {
        /// `route-reflector-client`.
        client: bool,
    },
    /// Another member AS of this confederation.
    Confederation,
}

/// All that shapes a peer's output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// Which family.
    pub family: Family,
    /// What the peer understands.
    pub dialect: Dialect,
    /// Who it is.
    pub towards: Towards,
    /// The ASes put before the path, the nearest to the peer first: this AS, and with `local-as` the other one.
    pub prepend: Vec<Asn>,
    /// This AS within the confederation; the same as the outside AS where there is none.
    pub member_as: Asn,
    /// The peer's AS.
    pub peer_as: Asn,
    /// This router's addresses towards the peer.
    pub own_address: OwnAddress,
    /// The subnet shared with the peer: a next hop in it needs not be replaced (RFC 4271 §5.1.3).
    pub shared: Option<IpNet>,
    /// `next-hop-self`.
    pub next_hop_self: Option<NextHopSelf>,
    /// `attribute-unchanged`, or a route server's client: as-path, next-hop, med.
    pub unchanged: Unchanged,
    /// `remove-private-AS`.
    pub remove_private_as: Option<RemovePrivateAs>,
    /// `as-override`.
    pub as_override: bool,
    /// `send-community`.
    pub communities: CommunityKinds,
    /// This router's role towards the peer (RFC 9234).
    pub role: Option<Role>,
    /// AIGP may be sent (RFC 7311 §3.1).
    pub aigp: bool,
    /// `bgp default local-preference`, for what has none on its way to an internal peer.
    pub default_local_pref: u32,
    /// This router's identifier and cluster.
    pub router_id: RouterId,
    /// The cluster this router reflects for.
    pub cluster_id: RouterId,
    /// `bgp client-to-client reflection`.
    pub client_to_client: bool,
    /// Several paths a prefix (RFC 7911).
    pub add_path: Option<AddPathTx>,
    /// `default-originate`.
    pub default_originate: bool,
    /// Lists and route map; denies everything where RFC 8212 asks for a policy and there is none.
    #[serde(skip)]
    pub filter: Filter,
    /// `unsuppress-map`: what an aggregate stands for goes out all the same where this map permits it.
    #[serde(skip)]
    pub unsuppress: Option<Filter>,
    /// What a route map may ask about the peer; alike for all peers where the map does not.
    #[serde(default)]
    pub subject: Subject,
    /// `bgp route-reflector allow-outbound-policy`: set clauses hold for reflected routes too.
    #[serde(default)]
    pub reflects_changes: bool,
    /// `graceful-shutdown` (RFC 8326).
    #[serde(default)]
    pub drains: bool,
}

/// This router's addresses on the way to a peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OwnAddress {
    /// For IPv4 routes.
    pub v4: Option<Ipv4Addr>,
    /// For IPv6 routes.
    pub v6: Option<Ipv6Addr>,
    /// Beside or in place of the global one.
    pub link_local: Option<Ipv6Addr>,
}

/// Which attributes are passed on as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Unchanged {
    /// AS_PATH.
    pub as_path: bool,
    /// NEXT_HOP.
    pub next_hop: bool,
    /// MULTI_EXIT_DISC.
    pub med: bool,
}

const NO_EXPORT: Community = Community(0xffff_ff01);
const NO_ADVERTISE: Community = Community(0xffff_ff02);
const NO_EXPORT_SUBCONFED: Community = Community(0xffff_ff03);

impl Export {
    /// Whether a path with these attributes from this source may go to the peer at all, before policy.
    #[must_use]
    pub fn may_pass(&self, attributes: &PathAttributes, source: &PeerFacts) -> bool {
        self.passes_source(source) && self.passes_communities(attributes) && self.passes_role(attributes)
    }

    //= rfc4456#section-6
    //# When an RR receives a route from an IBGP peer, it selects the best path based on its path selection rule.
    fn passes_source(&self, source: &PeerFacts) -> bool {
        let Towards::Internal { client } = self.towards else { return true };
        if source.source != Source::Internal {
            return true;
        }
        let from_client = source.reflector_client[self.family];
        (from_client && (!client || self.client_to_client)) || (client && !from_client)
    }

    //= rfc1997#section-2
    //# NO_EXPORT … MUST NOT be advertised outside a BGP confederation boundary
    fn passes_communities(&self, attributes: &PathAttributes) -> bool {
        attributes.communities.iter().all(|&community| match self.towards {
            _ if community == NO_ADVERTISE => false,
            Towards::External => community != NO_EXPORT && community != NO_EXPORT_SUBCONFED,
            Towards::Confederation => community != NO_EXPORT_SUBCONFED,
            Towards::Internal { .. } => true,
        })
    }

    //= rfc9234#section-5
    //# If a route already contains the OTC Attribute, it MUST NOT be propagated to Providers, Peers, or RSes.
    fn passes_role(&self, attributes: &PathAttributes) -> bool {
        let upwards = matches!(self.role, Some(Role::Customer | Role::Peer | Role::RouteServerClient));
        !(upwards && attributes.rare().otc.is_some())
    }

    /// Whether what a group remembers of a route is what its map has made of it, and no longer the table's own set.
    #[must_use]
    pub fn rewrites(&self) -> bool {
        self.filter.changes() || self.unsuppress.as_ref().is_some_and(Filter::changes)
    }

    /// The attributes as the peer is sent them, from what its group remembers.
    #[must_use]
    pub fn transform(&self, attributes: &PathAttributes, source: &PeerFacts) -> PathAttributes {
        if self.rewrites() {
            self.complete(attributes.clone(), source)
        } else {
            self.complete(self.prepare(attributes, source), source)
        }
    }

    /// The attributes as a route map sees them: what is done to a route on its way out before policy, in FRR's
    /// order, so that a map can set what would have been taken out.
    #[must_use]
    pub fn prepare(&self, attributes: &PathAttributes, source: &PeerFacts) -> PathAttributes {
        let mut out = attributes.clone();
        match self.towards {
            Towards::External => {
                //= rfc4271#section-5.1.4
                //# A BGP speaker MUST NOT propagate a MED received from one neighboring AS to another.
                if !self.unchanged.med && source.source != Source::Local {
                    out.med = None;
                }
                if !self.unchanged.as_path {
                    self.hide_ases(&mut out);
                }
            }
            Towards::Confederation => {
                out.local_pref = Some(out.local_pref.unwrap_or(self.default_local_pref));
            }
            Towards::Internal { .. } => {
                out.local_pref = Some(out.local_pref.unwrap_or(self.default_local_pref));
                if source.source == Source::Internal {
                    out.edit_rare(|rare| rare.originator_id = rare.originator_id.or(Some(source.router_id)));
                }
            }
        }
        out
    }

    /// What is done after policy.
    #[must_use]
    pub fn complete(&self, mut out: PathAttributes, source: &PeerFacts) -> PathAttributes {
        self.set_next_hop(&mut out, source);
        if self.drains {
            drain(&mut out);
        }
        match self.towards {
            Towards::External => self.make_external(&mut out),
            Towards::Confederation => self.make_confederation(&mut out),
            Towards::Internal { .. } => self.make_internal(&mut out, source),
        }
        self.filter_communities(&mut out);
        if !self.aigp && out.rare().aigp.is_some() {
            out.edit_rare(|rare| rare.aigp = None);
        }
        out
    }

    /// `remove-private-AS`, `as-override`.
    fn hide_ases(&self, out: &mut PathAttributes) {
        if let Some(remove) =
            self.remove_private_as.filter(|remove| remove.all || out.as_path.is_all_private())
        {
            out.as_path = if remove.replace {
                out.as_path.replace_private(self.member_as, self.peer_as)
            } else {
                out.as_path.remove_private(self.peer_as)
            };
        }
        if self.as_override {
            let own = self.prepend.last().copied().unwrap_or(self.member_as);
            out.as_path = out.as_path.replace(self.peer_as, own);
        }
    }

    fn make_external(&self, out: &mut PathAttributes) {
        out.local_pref = None;
        if !self.unchanged.as_path {
            out.as_path = out.as_path.strip_confed();
            for &asn in self.prepend.iter().rev() {
                out.as_path = out.as_path.prepend(asn, 1);
            }
        }
        let downwards = matches!(self.role, Some(Role::Provider | Role::Peer | Role::RouteServer));
        out.edit_rare(|rare| {
            rare.originator_id = None;
            rare.cluster_list = crate::attr::List::EMPTY;
            //= rfc9234#section-5
            //# If a route is to be advertised to a Customer, a Peer, or an RS-Client … and the OTC Attribute is
            //# not present, then … an OTC Attribute MUST be added with a value equal to the AS number of the
            //# local AS.
            if downwards && rare.otc.is_none() {
                rare.otc = self.prepend.first().copied();
            }
        });
    }

    fn make_confederation(&self, out: &mut PathAttributes) {
        if !self.unchanged.as_path {
            out.as_path = out.as_path.prepend_confed(self.member_as);
        }
        out.edit_rare(|rare| {
            rare.originator_id = None;
            rare.cluster_list = crate::attr::List::EMPTY;
        });
    }

    fn make_internal(&self, out: &mut PathAttributes, source: &PeerFacts) {
        if source.source != Source::Internal {
            return;
        }
        //= rfc4456#section-8
        //# When an RR reflects a route, it MUST prepend the local CLUSTER_ID to the CLUSTER_LIST.
        out.edit_rare(|rare| {
            let clusters = core::iter::once(self.cluster_id).chain(rare.cluster_list.iter().copied());
            rare.cluster_list = clusters.collect();
        });
    }

    fn filter_communities(&self, out: &mut PathAttributes) {
        if !self.communities.standard {
            out.communities = crate::attr::List::EMPTY;
        }
        let rare = out.rare();
        let drop_extended = !self.communities.extended && !rare.extended_communities.is_empty();
        let drop_large = !self.communities.large && !rare.large_communities.is_empty();
        // RFC 4360 §6: what is not transitive stays within this AS.
        let strip = self.towards == Towards::External
            && rare.extended_communities.iter().any(|community| community.0[0] & 0x40 != 0);
        if drop_extended || drop_large || strip {
            out.edit_rare(|rare| {
                if drop_extended {
                    rare.extended_communities = crate::attr::List::EMPTY;
                } else if strip {
                    let kept = rare.extended_communities.iter().filter(|c| c.0[0] & 0x40 == 0);
                    rare.extended_communities = kept.copied().collect();
                }
                if drop_large {
                    rare.large_communities = crate::attr::List::EMPTY;
                }
            });
        }
    }

    /// Sets the next hop (RFC 4271 §5.1.3, RFC 2545 §3, RFC 8950).
    fn set_next_hop(&self, out: &mut PathAttributes, source: &PeerFacts) {
        let mark = out.rare().marks.next_hop;
        let kept = self.unchanged.next_hop || mark == NextHopMark::Kept;
        if kept && out.next_hop != NextHop::Own {
            return;
        }
        let learned_inside = source.source == Source::Internal;
        let own = match (self.towards, self.next_hop_self) {
            _ if out.next_hop == NextHop::Own || mark == NextHopMark::Own => true,
            (_, Some(NextHopSelf::Force)) => true,
            (_, Some(NextHopSelf::Ebgp)) => !learned_inside,
            (Towards::Internal { .. } | Towards::Confederation, None) => false,
            (Towards::External, None) => !self.is_shared(&out.next_hop),
        };
        // A next hop that the peer cannot be told in this family is replaced too.
        let unspeakable = matches!((&out.next_hop, self.family), (NextHop::V6(_) | NextHop::V6WithLinkLocal(_), Family::Ipv4Unicast)
            if !self.dialect.extended_next_hop);
        if own || unspeakable {
            if let Some(next_hop) = self.own_next_hop() {
                out.next_hop = next_hop;
            }
        } else if let (NextHop::V6WithLinkLocal(pair), Towards::Internal { .. }) =
            (&out.next_hop, self.towards)
        {
            // The link-local address means something on the link it was learned on only.
            out.next_hop = NextHop::V6(pair.0);
        }
    }

    /// Whether the peer reaches this next hop as directly as this router does.
    fn is_shared(&self, next_hop: &NextHop) -> bool {
        let (Some(shared), Some(address)) = (self.shared, next_hop.address()) else { return false };
        let same_family = matches!(
            (self.family, address),
            (Family::Ipv4Unicast, IpAddr::V4(_)) | (Family::Ipv6Unicast, IpAddr::V6(_))
        );
        same_family && shared.contains(&address)
    }

    fn own_next_hop(&self) -> Option<NextHop> {
        let OwnAddress { v4, v6, link_local } = self.own_address;
        let v6 = match (v6, link_local) {
            (Some(global), Some(local)) => Some(NextHop::V6WithLinkLocal((global, local).into())),
            (Some(global), None) => Some(NextHop::V6(global)),
            (None, Some(local)) => Some(NextHop::V6(local)),
            (None, None) => None,
        };
        let v4 = v4.map(NextHop::V4);
        match self.family {
            Family::Ipv4Unicast if self.dialect.extended_next_hop => v6.or(v4),
            Family::Ipv4Unicast => v4,
            Family::Ipv6Unicast => v6,
        }
    }
}
