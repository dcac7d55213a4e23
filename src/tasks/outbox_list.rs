use loco_rs::prelude::*;

use super::{limit, only, optional, print, ready};
use crate::{
    models::outbox_mails::{status, upkeep},
    views::outbox_mails::OutboxMail,
};

pub struct OutboxList;

#[async_trait]
impl Task for OutboxList {
    fn task(&self) -> TaskInfo {
        TaskInfo {
            name: "outbox:list".to_string(),
            detail: "The latest mails: [status:queued|sent|dropped|dead] [limit:50] (1 to 1000) [json:true]"
                .to_string(),
        }
    }

    async fn run(&self, ctx: &AppContext, vars: &task::Vars) -> Result<()> {
        only(vars, &["status", "limit", "json"])?;
        let wanted = optional(vars, "status");
        if wanted.is_some_and(|wanted| !status::ALL.contains(&wanted)) {
            return Err(Error::string(
                "the argument `status` is one of: queued, sent, dropped, dead",
            ));
        }
        let limit = limit(vars)?;

        let rollcall = ready(ctx).await?;
        let mails = upkeep::list(&rollcall.db, wanted, limit).await?;

        let mails: Vec<OutboxMail> = mails.into_iter().map(Into::into).collect();
        print(vars, &mails, || table(&mails))
    }
}

fn table(mails: &[OutboxMail]) -> String {
    let mut lines = vec![format!(
        "{:<36}  {:<22}  {:<7}  {:>5}  {:<20}  {:<30}  {}",
        "id", "kind", "status", "tries", "next try", "to", "last error"
    )];
    for mail in mails {
        let next = mail.next_attempt_at.format("%Y-%m-%d %H:%M:%SZ");
        let next = if mail.status == status::QUEUED {
            next.to_string()
        } else {
            String::new()
        };
        let error = mail.last_error.as_deref().unwrap_or_default();
        lines.push(format!(
            "{:<36}  {:<22}  {:<7}  {:>5}  {next:<20}  {:<30}  {error}",
            mail.id, mail.kind, mail.status, mail.attempts, mail.recipient
        ));
    }
    lines.push(format!("{} mails", mails.len()));
    lines.join("\n")
}
