//! How long connections to the database are waited for: more is not begun when that is too long.

use async_trait::async_trait;
use loco_rs::{
    Result,
    app::{AppContext, Initializer},
};

use crate::runtime::Runtime;

pub struct DatabaseWatch;

#[async_trait]
impl Initializer for DatabaseWatch {
    fn name(&self) -> String {
        "database_watch".to_string()
    }

    async fn before_run(&self, ctx: &AppContext) -> Result<()> {
        let rollcall = Runtime::of(ctx)?;
        rollcall.clone().run_in_background(async move {
            tokio::select! {
                () = rollcall.watch_database() => {}
                () = rollcall.stopped() => {}
            }
        });
        Ok(())
    }
}
