//! Refresh tokens. The plain token exists in memory and in the answer; the table has its digest.
//!
//! A token names its session, carries 256 secret bits, and a tag that only this service can make: so
//! an old token is told apart from an invented one, which must not be able to end anybody's session.
//! The next token is derived from the one before with a key of ours: a lost answer can be given again
//! without keeping the token anywhere.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use uuid::Uuid;

use crate::models::secrets::{self, Key};

/// So that scanners for leaked secrets can know one.
const PREFIX: &str = "rcr_";
const TAG_BYTES: usize = 16;

#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    pub session_id: Uuid,
    secret: [u8; 32],
    plain: String,
}

impl RefreshToken {
    /// For the answer, and nothing else.
    pub fn reveal(self) -> String {
        self.plain
    }

    /// What the table keeps.
    pub fn digest(&self) -> String {
        secrets::digest(self.plain.as_bytes())
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefreshToken(session {})", self.session_id)
    }
}

/// Makes refresh tokens, and knows its own.
#[derive(Clone, Debug)]
pub struct RefreshTokens {
    tag: Key,
    next: Key,
}

impl RefreshTokens {
    pub fn new(secret: &[u8]) -> Self {
        Self {
            tag: Key::derive(secret, "refresh token tag"),
            next: Key::derive(secret, "refresh token successor"),
        }
    }

    /// The first token of a session.
    pub fn first(&self, session_id: Uuid) -> RefreshToken {
        self.token(session_id, secrets::random())
    }

    /// The one that follows: always the same one.
    pub fn after(&self, token: &RefreshToken) -> RefreshToken {
        let secret = self.next.mac(&[token.session_id.as_bytes(), &token.secret]);
        self.token(token.session_id, secret)
    }

    /// A token that this service has made at some time; `None` for any other string.
    pub fn recognise(&self, plain: &str) -> Option<RefreshToken> {
        let bytes = BASE64.decode(plain.strip_prefix(PREFIX)?).ok()?;
        let (session_id, rest) = bytes.split_first_chunk::<16>()?;
        let (secret, tag) = rest.split_first_chunk::<32>()?;
        let token = self.token(Uuid::from_bytes(*session_id), *secret);
        let expected = self.tag.mac(&[session_id, secret]);
        secrets::same(tag, &expected[..TAG_BYTES]).then_some(token)
    }

    fn token(&self, session_id: Uuid, secret: [u8; 32]) -> RefreshToken {
        let tag = self.tag.mac(&[session_id.as_bytes(), &secret]);
        let bytes = [&session_id.as_bytes()[..], &secret, &tag[..TAG_BYTES]].concat();
        RefreshToken {
            session_id,
            secret,
            plain: format!("{PREFIX}{}", BASE64.encode(bytes)),
        }
    }
}
