//! Mails to one address and on behalf of one client are few: nobody's mailbox is flooded through us.

use std::net::IpAddr;

use chrono::{DateTime, Duration, Utc};
use sea_orm::{ActiveValue::Set, Condition, ConnectionTrait, entity::prelude::*, sea_query::Expr};

use super::{ActiveModel, CLOCKS_DIFFER, Column, Entity, Throttles, network};
use crate::models::{Error, Result};

/// So many mails at once, then one in each interval. After a quiet time it starts anew.
struct Share {
    free: i64,
    interval: Duration,
    quiet: Duration,
}

const TO_AN_ADDRESS: Share = Share {
    free: 3,
    interval: Duration::hours(1),
    quiet: Duration::hours(3),
};
/// Many people may share one: an office, a mobile network.
const FOR_A_CLIENT: Share = Share {
    free: 30,
    interval: Duration::minutes(2),
    quiet: Duration::hours(1),
};

impl Throttles {
    /// May a mail be sent to this address (in canonical form) because this client asks? Counted at
    /// once, also of parallel requests, and not at all when the transaction does not commit.
    ///
    /// # Errors
    /// [`Error::Throttled`] says how long to wait.
    pub async fn admit_mail(
        &self,
        txn: &impl ConnectionTrait,
        address: &str,
        client: Option<IpAddr>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        if !self.settings.enable {
            return Ok(());
        }
        if let Some(client) = client {
            let from = self.id("mail for", &network(client));
            count(txn, from, &FOR_A_CLIENT, now).await?;
        }
        count(txn, self.mail_to(address), &TO_AN_ADDRESS, now).await
    }

    /// Forget that this address was sent mails.
    pub async fn forget_mails_to(&self, txn: &impl ConnectionTrait, address: &str) -> Result<()> {
        Entity::delete_by_id(self.mail_to(address))
            .exec(txn)
            .await?;
        Ok(())
    }

    fn mail_to(&self, address: &str) -> Uuid {
        self.id("mail to", address.as_bytes())
    }
}

async fn count(
    txn: &impl ConnectionTrait,
    id: Uuid,
    share: &Share,
    now: DateTime<Utc>,
) -> Result<()> {
    let stamp = now.fixed_offset();
    // Not blocked at all: a request that began earlier may come here later.
    let never = DateTime::<Utc>::UNIX_EPOCH.fixed_offset();
    let first = ActiveModel {
        id: Set(id),
        failures: Set(0),
        failed_at: Set(stamp),
        blocked_until: Set(never),
    };
    Entity::insert(first)
        .on_conflict_do_nothing_on([Column::Id])
        .exec_without_returning(txn)
        .await?;
    let is_quiet = Column::FailedAt.lt((now - share.quiet).fixed_offset());
    let next = sea_orm::ExprTrait::add(Expr::col(Column::Failures), 1);
    let is_last = Column::Failures.gte(share.free - 1);
    // One that went at a time that is still to come went before the clock was set back.
    let set_back = Column::FailedAt.gt((now + CLOCKS_DIFFER).fixed_offset());
    let may_go = Condition::any()
        .add(Column::BlockedUntil.lte(stamp))
        .add(set_back);
    let update = Entity::update_many()
        .col_expr(
            Column::BlockedUntil,
            Expr::case(is_quiet.clone(), Expr::col(Column::BlockedUntil))
                .case(is_last, Expr::value((now + share.interval).fixed_offset()))
                .finally(Expr::col(Column::BlockedUntil))
                .into(),
        )
        .col_expr(
            Column::Failures,
            Expr::case(is_quiet, Expr::value(1_i64))
                .finally(next)
                .into(),
        )
        .col_expr(Column::FailedAt, Expr::value(stamp))
        .filter(Column::Id.eq(id))
        .filter(may_go);
    if update.exec(txn).await?.rows_affected == 1 {
        return Ok(());
    }
    let row = Entity::find_by_id(id).one(txn).await?;
    let wait = row.map_or(share.interval, |row| row.blocked_until.to_utc() - now);
    Err(Error::Throttled { wait })
}
