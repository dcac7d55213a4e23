//! What stands in a mail, found out at the moment of its delivery.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    Condition, ConnectionTrait, DatabaseConnection, PaginatorTrait,
    entity::prelude::*,
};

use super::{ActiveModel, Column, Details, Entity, Kind, Model, Outbox, status};
use crate::models::{
    Error, Result,
    one_time_tokens::{self, Kind as TokenKind, PlainToken},
    transaction, users,
};

/// Longest name that a mail greets by.
const MAX_NAME: usize = 60;

/// Everything that a template may want to say.
#[derive(Debug)]
pub struct Letter {
    pub kind: Kind,
    pub to: String,
    pub locale: Option<String>,
    /// Empty when the name might be more than one.
    pub name: String,
    pub username: String,
    pub token: Option<PlainToken>,
    pub expires_at: Option<DateTime<Utc>>,
    /// When the mail was ordered.
    pub at: DateTime<Utc>,
    pub details: Details,
}

impl Outbox {
    /// The letter of a mail; `None` when there is nobody to send it to, or no reason any more. Makes
    /// its token at the first attempt, and finds the same one at the next.
    pub async fn letter(
        &self,
        db: &DatabaseConnection,
        mail: &Model,
        now: DateTime<Utc>,
    ) -> Result<Option<Letter>> {
        let kind = Kind::parse(&mail.kind)?;
        let details: Details =
            serde_json::from_str(&mail.details).map_err(|err| Error::Internal(err.to_string()))?;
        let Some(user) = recipient(db, mail).await? else {
            return Ok(None);
        };
        let mut letter = Letter {
            kind,
            to: mail.recipient.clone(),
            locale: user.locale.clone(),
            name: match kind {
                // Whose address it is, is not known yet.
                Kind::ChangeEmail => String::new(),
                _ => greeting(user.first_name.as_deref()),
            },
            username: user.username.clone(),
            token: None,
            expires_at: None,
            at: mail.created_at.to_utc(),
            details,
        };
        let Some(token_kind) = kind.token() else {
            return Ok(Some(letter));
        };
        let wanted = match token_kind {
            TokenKind::VerifyEmail => !user.is_verified(),
            TokenKind::Invitation => !user.has_password(),
            _ => true,
        };
        if !wanted || !user.is_usable(now) || is_overtaken(db, mail, &user).await? {
            return Ok(None);
        }
        if token_kind != TokenKind::ChangeEmail {
            // As the owner writes it, whatever was typed.
            letter.to.clone_from(&user.email);
        }
        let Some(token) = self
            .token(db, mail, token_kind, &user, &letter, now)
            .await?
        else {
            return Ok(None);
        };
        letter.expires_at = Some(token.expires_at.to_utc());
        letter.token = Some(self.tokens.plain(&token)?);
        Ok(Some(letter))
    }

    async fn token(
        &self,
        db: &DatabaseConnection,
        mail: &Model,
        kind: TokenKind,
        user: &users::Model,
        letter: &Letter,
        now: DateTime<Utc>,
    ) -> Result<Option<one_time_tokens::Model>> {
        if let Some(id) = mail.token_id {
            match one_time_tokens::Entity::find_by_id(id).one(db).await? {
                Some(token) if token.used_at.is_none() => {
                    if token.expires_at.to_utc() > now && self.tokens.plain(&token).is_ok() {
                        return Ok(Some(token));
                    }
                    // The mail waited for longer than its link was good, or the secret is another one
                    // since: it gets another link.
                }
                _ => return Ok(None),
            }
        }
        let txn = transaction::begin(db).await?;
        let session_id = letter.details.session_id;
        let token = self
            .tokens
            .issue(&txn, kind, user, &letter.to, session_id, now)
            .await?;
        let row = ActiveModel {
            id: Unchanged(mail.id),
            user_id: Set(Some(user.id)),
            token_id: Set(Some(token.id)),
            ..Default::default()
        };
        // Not when it has been voided since it was claimed.
        let update = Entity::update_many()
            .set(row)
            .filter(Column::Id.eq(mail.id))
            .filter(Column::Status.eq(status::QUEUED));
        if update.exec(&txn).await?.rows_affected == 0 {
            return Ok(None);
        }
        txn.commit().await?;
        Ok(Some(token))
    }
}

async fn recipient(db: &impl ConnectionTrait, mail: &Model) -> Result<Option<users::Model>> {
    let user = match mail.user_id {
        Some(id) => users::Model::find_by_id(db, id).await,
        None => users::Model::find_by_identifier(db, &mail.recipient).await,
    };
    match user {
        // Also a deleted one: its owner is to know what happened before.
        Ok(user) => Ok(Some(user)),
        Err(Error::NotFound) => Ok(None),
        Err(err) => Err(err),
    }
}

/// Has a newer one of its kind been ordered for this account?
async fn is_overtaken(
    db: &impl ConnectionTrait,
    mail: &Model,
    user: &users::Model,
) -> Result<bool> {
    let by_address = Condition::all()
        .add(Column::UserId.is_null())
        .add(Column::Recipient.eq(&user.email_canonical));
    let newer = Entity::find()
        .filter(Column::Kind.eq(&mail.kind))
        .filter(Column::Id.gt(mail.id))
        .filter(Column::Status.is_in([status::QUEUED, status::SENT]))
        .filter(
            Condition::any()
                .add(Column::UserId.eq(user.id))
                .add(by_address),
        );
    Ok(newer.count(db).await? > 0)
}

/// A name that is nothing but one: no address that a mail program makes a link of, no sentence.
fn greeting(name: Option<&str>) -> String {
    let name = name.unwrap_or_default().trim();
    let plain = |c: char| {
        c.is_alphabetic() || unicode_normalization::char::is_combining_mark(c) || " '’-".contains(c)
    };
    if name.chars().count() <= MAX_NAME && name.chars().all(plain) {
        name.to_string()
    } else {
        String::new()
    }
}
