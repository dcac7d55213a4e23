//! What one verification may cost. Whoever can write a hash, an operator with an export that isn't
//! theirs, must not be able to stall the server with it. All systems that are read here stay far below
//! by default, and below also with what the OWASP Password Storage Cheat Sheet recommends.

use std::ops::RangeInclusive;

use super::{Measure, Refusal};

/// Bytes of the text. The longest canonical one, Firebase's, has less than half of it.
const MAX_LENGTH: usize = 2048;
/// Bytes of a credential in JSON, which has labels and dates beside the hash.
const MAX_JSON_LENGTH: usize = 4096;

/// Bytes of memory at once: twice what any recommendation asks for, and it is multiplied by the number
/// of passwords that are verified at the same time.
const MAX_MEMORY: u64 = 256 << 20;
/// Bytes of memory over all passes and lanes: some seconds of Argon2 on one core.
const MAX_MEMORY_IN_ALL: u64 = 4 << 30;
/// The same for scrypt, which takes more than twice as long for as much memory.
const MAX_SCRYPT_MEMORY_IN_ALL: u64 = 1 << 30;
const PASSES: RangeInclusive<u32> = 1..=64;
const LANES: RangeInclusive<u32> = 1..=16;
/// scrypt's `r`, in 128 bytes. Everybody uses 8; the buffer beside the memory grows with it.
const BLOCK_SIZES: RangeInclusive<u32> = 1..=64;
/// PBKDF2 repeated: eight times Keycloak's default, four times Django's.
const ITERATIONS: RangeInclusive<u32> = 1..=5_000_000;
/// PBKDF2 repeats them for each block of the digest (RFC 8018, section 5.2): Keycloak's 64 bytes are
/// four blocks of SHA-1.
const MAX_ITERATIONS_IN_ALL: u64 = 10_000_000;
/// The logarithm of bcrypt's rounds: 15 are some seconds.
const BCRYPT_COSTS: RangeInclusive<u32> = 4..=15;

/// Bytes. Less is guessable by chance, more is nobody's.
const DIGEST: RangeInclusive<usize> = 16..=128;
/// Bytes.
const MAX_SALT: usize = 128;

pub fn length(text: &str, json: bool) -> Result<(), Refusal> {
    let at_most = if json { MAX_JSON_LENGTH } else { MAX_LENGTH };
    if text.len() > at_most {
        let length = text.len();
        return Err(Refusal::TooLong { length, at_most });
    }
    Ok(())
}

pub fn argon2(memory_kib: u64, passes: u64, lanes: u64) -> Result<(u32, u32, u32), Refusal> {
    let memory = memory_kib.saturating_mul(1024);
    at_most(Measure::Memory, memory, MAX_MEMORY)?;
    let passes = within(Measure::Passes, passes, &PASSES)?;
    let lanes = within(Measure::Lanes, lanes, &LANES)?;
    let in_all = memory.saturating_mul(passes.into());
    at_most(Measure::MemoryInAll, in_all, MAX_MEMORY_IN_ALL)?;
    let memory_kib = u32::try_from(memory_kib).map_err(|_| Refusal::Malformed("the memory"))?;
    Ok((memory_kib, passes, lanes))
}

pub fn scrypt(log_n: u64, r: u64, p: u64) -> Result<(u8, u32, u32), Refusal> {
    let r = within(Measure::BlockSize, r, &BLOCK_SIZES)?;
    let p = within(Measure::Lanes, p, &LANES)?;
    if log_n == 0 {
        return Err(Refusal::Malformed("the memory"));
    }
    let log_n = u8::try_from(log_n).unwrap_or(u8::MAX);
    let n = 1_u64.checked_shl(log_n.into()).unwrap_or(u64::MAX);
    let memory = n.saturating_mul(128).saturating_mul(r.into());
    at_most(Measure::Memory, memory, MAX_MEMORY)?;
    let in_all = memory.saturating_mul(p.into());
    at_most(Measure::MemoryInAll, in_all, MAX_SCRYPT_MEMORY_IN_ALL)?;
    Ok((log_n, r, p))
}

pub fn pbkdf2(iterations: u64, digest: usize, block: usize) -> Result<u32, Refusal> {
    let iterations = within(Measure::Iterations, iterations, &ITERATIONS)?;
    let in_all = u64::from(iterations) * digest.div_ceil(block) as u64;
    at_most(Measure::IterationsInAll, in_all, MAX_ITERATIONS_IN_ALL)?;
    Ok(iterations)
}

pub fn bcrypt(cost: u64) -> Result<u32, Refusal> {
    within(Measure::BcryptCost, cost, &BCRYPT_COSTS)
}

pub fn digest(bytes: Vec<u8>) -> Result<Vec<u8>, Refusal> {
    if DIGEST.contains(&bytes.len()) {
        return Ok(bytes);
    }
    Err(Refusal::Malformed("the length of the digest"))
}

pub fn salt(bytes: Vec<u8>, at_least: usize) -> Result<Vec<u8>, Refusal> {
    if (at_least..=MAX_SALT).contains(&bytes.len()) {
        return Ok(bytes);
    }
    Err(Refusal::Malformed("the length of the salt"))
}

fn within(measure: Measure, needs: u64, range: &RangeInclusive<u32>) -> Result<u32, Refusal> {
    at_most(measure, needs, (*range.end()).into())?;
    u32::try_from(needs)
        .ok()
        .filter(|needs| range.contains(needs))
        .ok_or(Refusal::Malformed(measure.part()))
}

fn at_most(measure: Measure, needs: u64, at_most: u64) -> Result<(), Refusal> {
    if needs <= at_most {
        return Ok(());
    }
    Err(Refusal::TooCostly {
        measure,
        needs,
        at_most,
    })
}
