//! Devices that signed in before (OWASP's device cookies): they get through when strangers' guesses
//! have closed an identifier. A cookie proves that somebody knew the password on this device once; it
//! opens nothing by itself, and its own failures are counted.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use uuid::Uuid;

use crate::models::secrets::{self, Key};

#[derive(Clone, Debug)]
pub struct Devices(Key);

/// A device, and the user who signed in on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    pub id: [u8; 16],
    pub user_id: Uuid,
}

impl Devices {
    pub fn new(secret: &[u8]) -> Self {
        Self(Key::derive(secret, "known device"))
    }

    /// The value of a new cookie for this user.
    pub fn issue(&self, user_id: Uuid) -> String {
        let random = secrets::random();
        let mac = self.0.mac(&[&random[..16], user_id.as_bytes()]);
        BASE64.encode([&random[..16], user_id.as_bytes(), &mac].concat())
    }

    /// The device of a cookie that is ours; `None` for any other.
    pub fn recognise(&self, cookie: &str) -> Option<Device> {
        let bytes = BASE64.decode(cookie).ok()?;
        let (id, rest) = bytes.split_first_chunk::<16>()?;
        let (user_id, mac) = rest.split_first_chunk::<16>()?;
        let device = Device {
            id: *id,
            user_id: Uuid::from_bytes(*user_id),
        };
        secrets::same(mac, &self.0.mac(&[id, user_id])).then_some(device)
    }
}
