//! AIGP (RFC 7311): the accumulated IGP metric to the prefix.

use nom::IResult;
use nom::Parser;
use nom::bytes::complete::take;
use nom::number::complete::{be_u8, be_u16};

use super::table::{Mandatory, OPTIONAL, Row, emit_attribute};
use super::{Disposition, Fault};

/// The only TLV type that is defined, and its length with type and length.
const AIGP_TLV: u8 = 1;
const AIGP_TLV_LEN: u8 = 11;

fn tlv(input: &[u8]) -> IResult<&[u8], (u8, &[u8])> {
    let (input, (kind, len)) = (be_u8, be_u16).parse(input)?;
    let (input, value) = take(usize::from(len).checked_sub(3).unwrap_or(usize::MAX))(input)?;
    Ok((input, (kind, value)))
}

/// The first AIGP TLV's metric (RFC 7311 §3). The greatest number is malformed there.
fn parse(octets: &[u8]) -> Result<u64, Fault> {
    let fault = Fault::Length(octets.len());
    let mut rest = octets;
    let mut metric = None;
    while !rest.is_empty() {
        let (after, (kind, value)) = tlv(rest).map_err(|_| fault)?;
        if kind == AIGP_TLV {
            let value = <[u8; 8]>::try_from(value).map_err(|_| fault)?;
            metric.get_or_insert(u64::from_be_bytes(value));
        }
        rest = after;
    }
    metric.filter(|metric| *metric != u64::MAX).ok_or(fault)
}

//= rfc7311#section-3.4
//# When receiving a BGP UPDATE message containing a malformed AIGP attribute, the attribute MUST be treated
//# exactly as if it were an unrecognized non-transitive attribute.
pub(super) const ROW: Row = Row {
    code: 26,
    name: "AIGP",
    flags: OPTIONAL,
    partial: 0,
    mandatory: Mandatory::No,
    malformed: Disposition::AttributeDiscard,
    repeated: Disposition::AttributeDiscard,
    parse: |octets, inbound, draft| {
        //= rfc7311#section-3.2
        //# If an AIGP attribute is received on a BGP session for which AIGP_SESSION is disabled, the attribute
        //# MUST be treated exactly as if it were an unrecognized non-transitive attribute.
        if !inbound.aigp {
            return Err(Fault::NotEnabled);
        }
        draft.rare.aigp = Some(parse(octets)?);
        Ok(())
    },
    emit: |attributes, outbound, out| match attributes.rare().aigp {
        Some(metric) if outbound.aigp => {
            let [a, b, c, d, e, f, g, h] = metric.to_be_bytes();
            emit_attribute(&ROW, &[AIGP_TLV, 0, AIGP_TLV_LEN, a, b, c, d, e, f, g, h], out);
        }
        Some(_) | None => {}
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_tlv_of_the_type_counts_and_others_are_passed_over() {
        let mut octets = [2, 0, 4, 9].to_vec();
        octets.extend([1, 0, 11, 0, 0, 0, 0, 0, 0, 0, 7]);
        octets.extend([1, 0, 11, 0, 0, 0, 0, 0, 0, 0, 8]);
        assert_eq!(parse(&octets), Ok(7));
    }

    #[test]
    fn lengths_that_lie_and_the_greatest_metric_are_malformed() {
        for bad in
            [&[][..], &[1], &[1, 0, 2], &[1, 0, 12, 0, 0, 0, 0, 0, 0, 0, 7], &[1, 0, 10, 0, 0, 0, 0, 0, 0, 7]]
        {
            assert_eq!(parse(bad), Err(Fault::Length(bad.len())), "{bad:?}");
        }
        let mut greatest = [0xff; 11];
        greatest[..3].copy_from_slice(&[1, 0, 11]);
        assert_eq!(parse(&greatest), Err(Fault::Length(11)));
    }
}
