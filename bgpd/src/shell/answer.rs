//! An answer on its way to whoever asked. The daemon may be lost in the middle of it and be asked again: what was
//! passed on already is not passed on twice, where the new answer begins in the same way.

/// How much of an answer is held back, so that a daemon lost in the middle of it mostly goes unseen.
pub(super) const HELD: usize = 1 << 20;
/// Stands before an answer that is given from its beginning a second time.
pub(super) const ANEW: &str =
    "\n% ftbgpd was lost in the middle of the answer; here is a new one from its beginning\n";

/// Whoever hears an answer, piece by piece.
pub trait Hearer {
    /// The next piece.
    fn hear(&mut self, text: &str);

    /// What was heard is a part of an answer whose rest is not to be had: another answer comes from its beginning.
    fn begin_anew(&mut self);

    /// Whether nobody listens any more.
    fn is_over(&self) -> bool {
        false
    }
}

impl<F: FnMut(&str)> Hearer for F {
    fn hear(&mut self, text: &str) {
        self(text);
    }

    fn begin_anew(&mut self) {
        self(ANEW);
    }
}

/// Octets in order: how many, and a sum over them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    octets: usize,
    digest: u64,
}

impl Sum {
    fn add(&mut self, octets: &[u8]) {
        self.octets += octets.len();
        self.digest = octets.iter().fold(self.digest, |digest, octet| {
            (digest ^ u64::from(*octet)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23)
        });
    }
}

/// This answer does not begin as the one that was passed on in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Differs;

/// An answer, in one attempt after the other.
#[derive(Debug, Default)]
pub(super) struct Answer {
    held: String,
    /// What was passed on.
    passed: Sum,
    /// What this attempt has said of that.
    compared: Sum,
    /// Something was said in this attempt.
    began: bool,
}

impl Answer {
    /// It is asked for again. Whether the attempt before has said anything.
    pub(super) fn again(&mut self) -> bool {
        self.held.clear();
        self.compared = Sum::default();
        std::mem::take(&mut self.began)
    }

    /// Takes a piece.
    ///
    /// # Errors
    /// Where it is of another answer than what was passed on.
    pub(super) fn take(&mut self, text: &str, hearer: &mut dyn Hearer) -> Result<(), Differs> {
        self.began = true;
        let known = text.len().min(self.passed.octets - self.compared.octets);
        self.compared.add(&text.as_bytes()[..known]);
        if known > 0 && self.compared.octets == self.passed.octets && self.compared != self.passed {
            return Err(Differs);
        }
        self.held.push_str(text.get(known..).ok_or(Differs)?);
        if self.held.len() > HELD {
            self.pass_on(hearer);
        }
        Ok(())
    }

    /// The answer is whole.
    ///
    /// # Errors
    /// Where it is shorter than what was passed on.
    pub(super) fn finish(&mut self, hearer: &mut dyn Hearer) -> Result<(), Differs> {
        if self.compared.octets < self.passed.octets {
            return Err(Differs);
        }
        self.pass_on(hearer);
        Ok(())
    }

    fn pass_on(&mut self, hearer: &mut dyn Hearer) {
        self.passed.add(self.held.as_bytes());
        self.compared = self.passed;
        hearer.hear(&self.held);
        self.held.clear();
    }
}
