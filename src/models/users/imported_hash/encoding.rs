//! How salts and digests are written as text.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::Refusal;

/// The base64 of PHC strings: written without padding, read with or without.
pub const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub fn decode(text: &str, part: &'static str) -> Result<Vec<u8>, Refusal> {
    BASE64.decode(text).map_err(|_| Refusal::Malformed(part))
}

pub fn unhex(text: &str) -> Result<Vec<u8>, Refusal> {
    let digits = text.chars().map(|digit| digit.to_digit(16));
    let digits = digits.collect::<Option<Vec<u32>>>();
    let pairs = digits.filter(|digits| digits.len() % 2 == 0);
    let pairs = pairs.ok_or(Refusal::Malformed("the digest"))?;
    let bytes = pairs.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]);
    Ok(bytes.filter_map(|byte| u8::try_from(byte).ok()).collect())
}
