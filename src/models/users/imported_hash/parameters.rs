//! `m=65536,t=3,p=4`: the parameters of a PHC string, as its format's specification describes them.

use super::Refusal;

const MALFORMED: Refusal = Refusal::Malformed("the parameters");

pub struct Parameters<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Parameters<'a> {
    pub fn parse(text: &'a str) -> Result<Self, Refusal> {
        let pairs = text.split(',').map(|pair| pair.split_once('='));
        pairs.collect::<Option<_>>().map(Self).ok_or(MALFORMED)
    }

    pub fn take(&mut self, name: &str) -> Option<&'a str> {
        let at = self.0.iter().position(|(had, _)| *had == name)?;
        Some(self.0.remove(at).1)
    }

    pub fn take_number(&mut self, name: &str) -> Result<u64, Refusal> {
        number(self.take(name).ok_or(MALFORMED)?)
    }

    /// One that isn't understood, as well as one given twice, may change what the hash means.
    pub fn finish(self) -> Result<(), Refusal> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(MALFORMED)
    }
}

/// Decimal digits only. What is too large for a number is the largest one, and so too costly.
pub fn number(text: &str) -> Result<u64, Refusal> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::Malformed("a number"));
    }
    Ok(text.parse().unwrap_or(u64::MAX))
}
