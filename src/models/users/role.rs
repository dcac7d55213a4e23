//! What the roles are, and what each may do. A question about a role is asked here, and answered for every
//! role there is: one that is added is asked for by the compiler, here and nowhere else.

use sea_orm::Iterable;

use super::Role;
use crate::settings::Sessions as Settings;

impl Role {
    /// What an account has when nothing is said.
    pub const DEFAULT: Self = Self::User;

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::User => "user",
        }
    }

    /// The role of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::iter().find(|role| role.as_str() == name)
    }

    /// The names of all, for a text that lists what may be chosen.
    pub fn names() -> Vec<&'static str> {
        Self::iter().map(Self::as_str).collect()
    }

    /// How wide a column of them is.
    pub fn longest_name() -> usize {
        let lengths = Self::iter().map(|role| role.as_str().len());
        lengths.max().unwrap_or_default()
    }

    /// Those who may do everything; one of them is always left.
    pub fn administrators() -> impl Iterator<Item = Self> {
        Self::iter().filter(|role| role.is_admin())
    }

    /// May it do what only administrators may?
    pub fn is_admin(self) -> bool {
        match self {
            Self::Admin => true,
            Self::User => false,
        }
    }

    /// May it look at accounts that are not its own?
    pub fn sees_everybody(self) -> bool {
        match self {
            Self::Admin => true,
            Self::User => false,
        }
    }

    /// May whoever registers choose it, also where administrators can't register?
    pub fn is_for_anybody(self) -> bool {
        match self {
            Self::Admin => false,
            Self::User => true,
        }
    }

    /// Idle and absolute lifetime of its sessions, in seconds: shorter for who may do more (NIST SP
    /// 800-63B-4, section 2.1.3 and following).
    pub fn session_seconds(self, settings: &Settings) -> (i64, i64) {
        match self {
            Self::Admin => (settings.admin_idle_seconds, settings.admin_absolute_seconds),
            Self::User => (settings.idle_seconds, settings.absolute_seconds),
        }
    }
}
