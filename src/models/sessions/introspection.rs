//! What a token is worth at this moment, for somebody who did not issue it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::DatabaseConnection;

use super::{Model, Sessions, access_token::Claims, authentications::Authenticated};
use crate::models::{Error, Result, users};

pub enum TokenState {
    Access(Arc<Authenticated>, Claims),
    Refresh(Box<Authenticated>),
    Dead,
}

impl TokenState {
    pub fn session(&self) -> Option<&Model> {
        self.found().map(|found| &found.session)
    }

    pub fn user(&self) -> Option<&users::Model> {
        self.found().map(|found| &found.user)
    }

    fn found(&self) -> Option<&Authenticated> {
        match self {
            Self::Access(found, _) => Some(found),
            Self::Refresh(found) => Some(found),
            Self::Dead => None,
        }
    }
}

impl Sessions {
    /// Either kind of token. A refresh token is live while it is the one that may be used now.
    pub async fn introspect(
        &self,
        db: &DatabaseConnection,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<TokenState> {
        if let Some(claims) = self.access_tokens.verify(token, now) {
            return match self.authenticate(db, &claims, now).await {
                Ok(found) => Ok(TokenState::Access(found, claims)),
                Err(Error::NotFound | Error::SessionEnded) => Ok(TokenState::Dead),
                Err(err) => Err(err),
            };
        }
        let Some(token) = self.refresh_tokens.recognise(token) else {
            return Ok(TokenState::Dead);
        };
        let found = Model::find_with_user(db, token.session_id).await?;
        let live = found.filter(|(session, user)| {
            user.is_usable(now)
                && self.is_live(session, user.role, now)
                && session.refresh_digest == token.digest()
        });
        Ok(live.map_or(TokenState::Dead, |(session, user)| {
            TokenState::Refresh(Box::new(Authenticated { session, user }))
        }))
    }
}
