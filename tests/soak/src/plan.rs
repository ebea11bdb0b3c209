//! What the server does to which attempt: known to both sides, and the same in every run.

/// What may happen to an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection is reset before there is an answer.
    Reset,
    /// It is closed before there is one.
    Close,
    CutHead,
    CutBody,
    CutChunks,
    CutGzip,
    /// Two lengths that contradict each other.
    TwoLengths,
    /// What comes is not HTTP.
    Noise,
    Busy,
    /// Busy, with the wish to be asked again in a second.
    BusyLater,
    /// There is never an answer.
    Stall,
    /// The body comes byte by byte. It is right in the end.
    Drip,
    /// The answer of another request follows, which nobody asked for.
    Extra,
    /// A redirect to an origin that is not the client's.
    Elsewhere,
}

use Fault::{
    Busy, BusyLater, Close, CutBody, CutChunks, CutGzip, CutHead, Drip, Elsewhere, Extra, Noise,
    Reset, Stall, TwoLengths,
};

pub(crate) const FAULTS: [Fault; 14] = [
    Reset, Close, CutHead, CutBody, CutChunks, CutGzip, TwoLengths, Noise, Busy, BusyLater, Stall,
    Drip, Extra, Elsewhere,
];

/// So many attempts of a hundred meet a fault.
const PERCENT: u64 = 5;

/// The fault that an attempt meets. They are counted from 1.
pub(crate) fn fault(id: u64, attempt: u64) -> Option<Fault> {
    let chance = hash(id, attempt);
    let kind = (chance >> 32) % FAULTS.len() as u64;
    (chance % 100 < PERCENT).then(|| FAULTS[kind as usize])
}

/// What comes of a request in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Answered,
    Redirected,
    Failed,
}

/// What comes of a request that has so many attempts.
pub(crate) fn end(id: u64, attempts: u64) -> End {
    for attempt in 1..=attempts {
        match fault(id, attempt) {
            None | Some(Drip | Extra) => return End::Answered,
            Some(Elsewhere) => return End::Redirected,
            Some(_) => {}
        }
    }
    End::Failed
}

/// The body that a request has, and its answer. No two are alike, and none is the beginning of another.
pub(crate) fn payload(id: u64) -> String {
    format!("<{id}>").repeat(1 + (hash(id, 0) % 200) as usize)
}

/// A number by chance, the same in every run.
pub(crate) fn hash(a: u64, b: u64) -> u64 {
    let z = a.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ b.wrapping_mul(0xd6e8_feb8_6659_fd93);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_as_frequent_as_said_and_of_all_kinds() {
        let faults: Vec<_> = (0..100_000).filter_map(|id| fault(id, 1)).collect();
        assert!((4_800..5_200).contains(&faults.len()), "{}", faults.len());
        for kind in FAULTS {
            let count = faults.iter().filter(|fault| **fault == kind).count();
            assert!((280..440).contains(&count), "{kind:?}: {count}");
        }
    }
}
