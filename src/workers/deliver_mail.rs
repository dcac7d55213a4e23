use async_trait::async_trait;
use loco_rs::{Result, app::AppContext, bgworker::BackgroundWorker};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{mailers::account::AccountMailer, models, runtime::Runtime};

/// Delivers one mail of the outbox. Running it twice, also at the same time, sends nothing twice.
pub struct DeliverMail {
    ctx: AppContext,
}

/// Which one; everything else is in its row.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeliverMailArgs {
    pub mail_id: Uuid,
}

#[async_trait]
impl BackgroundWorker<DeliverMailArgs> for DeliverMail {
    fn build(ctx: &AppContext) -> Self {
        Self { ctx: ctx.clone() }
    }

    async fn perform(&self, args: DeliverMailArgs) -> Result<()> {
        if !AccountMailer::is_ready(&self.ctx) {
            return Ok(());
        }
        let rollcall = Runtime::of(&self.ctx)?;
        let Some(_turn) = rollcall.outbox.turn().await else {
            return Ok(());
        };
        let (db, outbox) = (&rollcall.db, &rollcall.outbox);
        let now = || rollcall.clock.now();
        let Some(mail) = outbox.claim(db, args.mail_id, now()).await? else {
            return Ok(());
        };
        let letter = match outbox.letter(db, &mail, now()).await {
            Ok(Some(letter)) => letter,
            Ok(None) => return Ok(outbox.dropped(db, &mail, now()).await?),
            Err(err @ models::Error::Database(_)) => return Err(err.into()),
            Err(err) => {
                let error = err.to_string();
                return Ok(outbox.failed(db, &mail, &error, true, now()).await?);
            }
        };
        let mailer = AccountMailer::of(&self.ctx)?;
        let email = match mailer.write(&rollcall.settings, mail.id, &letter) {
            Ok(email) => email,
            Err(err) => {
                let error = err.to_string();
                return Ok(outbox.failed(db, &mail, &error, true, now()).await?);
            }
        };
        match mailer.hand_over(&self.ctx, mail.id, email).await {
            Ok(()) => outbox.sent(db, &mail, now()).await?,
            Err(failure) => {
                let (error, for_good) = (&failure.error, failure.for_good);
                outbox.failed(db, &mail, error, for_good, now()).await?;
            }
        }
        Ok(())
    }
}
