//! What a request needs besides its own words: built once at boot, shared by reference.

use std::sync::Arc;

use loco_rs::app::AppContext;
use sea_orm::DatabaseConnection;

use crate::{
    clock::Clock,
    models::users::{access_token::AccessTokens, password::Hasher},
    settings::{self, Settings},
};

/// Cheap to clone, where the framework's `AppContext` copies the whole configuration.
#[derive(Clone)]
pub struct Runtime(Arc<Parts>);

pub struct Parts {
    pub db: DatabaseConnection,
    pub settings: Settings,
    pub clock: Clock,
    pub hasher: Hasher,
    pub tokens: AccessTokens,
}

impl std::ops::Deref for Runtime {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Runtime {
    /// Read the configuration and keep what it says in the context's shared store.
    pub fn install(ctx: &AppContext) -> loco_rs::Result<()> {
        let settings = Settings::from_config(&ctx.config, &ctx.environment)?;
        let jwt = ctx.config.get_jwt_config()?;
        let secret = settings::secret_bytes(&ctx.config).unwrap_or_default();
        ctx.shared_store.insert(Self(Arc::new(Parts {
            db: ctx.db.clone(),
            clock: Clock::default(),
            hasher: Hasher::new(&settings.password)?,
            tokens: AccessTokens::new(&secret, jwt.expiration, &settings.token),
            settings,
        })));
        Ok(())
    }

    /// The runtime of a booted application.
    pub fn of(ctx: &AppContext) -> loco_rs::Result<Self> {
        ctx.shared_store
            .get::<Self>()
            .ok_or_else(|| loco_rs::Error::string("the application has not been booted"))
    }
}
