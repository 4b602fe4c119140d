//! `show bgp ipv4 unicast statistics`: a table in numbers, counted in slices before anything is written.

use bgp_engine::rib::RouteId;
use serde_json::{Value, json};

use super::path::instance;
use super::text::{push_json, put};
use super::{Layout, Progress, Router, Show, Shown, refuse};

/// Routes looked at in one slice.
const SLICE_ROUTES: u32 = 4096;

/// A table in numbers.
#[derive(Debug)]
pub struct Statistics<N> {
    layout: Layout,
    at: u32,
    /// Prefixes by their length.
    lengths: Vec<u64>,
    paths: u64,
    longest_hops: u32,
    all_hops: u64,
    largest_octets: usize,
    all_octets: u64,
    highest_public: u32,
    family: core::marker::PhantomData<N>,
}

impl<N: Shown> Statistics<N> {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(layout: Layout) -> Self {
        Statistics {
            layout,
            at: 0,
            lengths: vec![0; usize::from(N::MAX_LEN) + 1],
            paths: 0,
            longest_hops: 0,
            all_hops: 0,
            largest_octets: 0,
            all_octets: 0,
            highest_public: 0,
            family: core::marker::PhantomData,
        }
    }

    /// Counts a slice; true when all is counted.
    fn count(&mut self, router: &Router<'_>) -> bool {
        let table = &N::rib(router).table;
        let attrs = &router.engine.rib().facts.attrs;
        let end = table.places().min(self.at.saturating_add(SLICE_ROUTES));
        for route in (self.at..end).map(RouteId).filter(|&route| table.is_live(route)) {
            self.lengths[usize::from(table.net(route).length())] += 1;
            for (_, path) in table.paths(route) {
                let as_path = &attrs[path.attrs].attributes.as_path;
                let (hops, octets) = (as_path.hop_count(), as_path.octets().len());
                self.paths += 1;
                self.longest_hops = self.longest_hops.max(hops);
                self.all_hops += u64::from(hops);
                self.largest_octets = self.largest_octets.max(octets);
                self.all_octets += octets as u64;
                let public = as_path.asns().filter(|asn| !asn.is_private()).map(|asn| asn.0).max();
                self.highest_public = self.highest_public.max(public.unwrap_or(0));
            }
        }
        self.at = end;
        end >= table.places()
    }

    fn push(&self, out: &mut String) {
        let prefixes: u64 = self.lengths.iter().sum();
        let bits: u64 = (0..).zip(&self.lengths).map(|(length, count)| length * count).sum();
        let (length, hops) = (share(bits, prefixes), share(self.all_hops, self.paths));
        let octets = share(self.all_octets, self.paths);
        match self.layout {
            Layout::Text => {
                put!(out, "BGP {} RIB statistics (VRF default)\n", N::FAMILY);
                for (name, value) in [
                    ("Total Advertisements", self.paths.to_string()),
                    ("Total Prefixes", prefixes.to_string()),
                    ("Average prefix length", format!("{length:.2}")),
                    ("Longest AS-Path (hops)", self.longest_hops.to_string()),
                    ("Average AS-Path length (hops)", format!("{hops:.2}")),
                    ("Largest AS-Path (bytes)", self.largest_octets.to_string()),
                    ("Average AS-Path size (bytes)", format!("{octets:.2}")),
                    ("Highest public ASN", self.highest_public.to_string()),
                ] {
                    put!(out, "{name:30}: {value:>12}\n");
                }
            }
            Layout::Json => {
                let lengths = (0..).zip(&self.lengths).filter(|(_, count)| **count > 0);
                let lengths: Vec<Value> =
                    lengths.map(|(length, count): (u32, _)| json!({ length.to_string(): count })).collect();
                let value = json!({ super::peers::family_key(N::FAMILY): [{
                    "instance": "VRF default",
                    "totalAdvertisements": self.paths,
                    "totalPrefixes": prefixes,
                    "averagePrefixLength": length,
                    "longestAsPath": self.longest_hops,
                    "averageAsPathLengthHops": hops,
                    "largestAsPath": self.largest_octets,
                    "averageAsPathSizeBytes": octets,
                    "highestPublicAsn": self.highest_public,
                    "prefixLength": lengths,
                }] });
                push_json(out, &value);
            }
        }
    }
}

fn share(sum: u64, count: u64) -> f64 {
    if count == 0 { 0.0 } else { sum as f64 / count as f64 }
}

impl<N: Shown> Show for Statistics<N> {
    fn write_some(&mut self, router: &Router<'_>, out: &mut String) -> Progress {
        if instance(router).is_none() {
            return refuse(self.layout, "BGP instance not found", out);
        }
        if !self.count(router) {
            return Progress::More;
        }
        self.push(out);
        Progress::Done
    }
}
