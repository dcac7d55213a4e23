//! An account that an administrator makes for somebody, who chooses its password.

use sea_orm::DatabaseTransaction;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::{
    Model, Role, after_registration::Arrival, identifiers, password, registration::NewAccount,
};
use crate::models::{
    Error, Means, Result,
    audit_events::{Action, Event, record},
    outbox_mails::{Details, Kind, Ordered},
    params::{Params, not_null},
    transaction,
};

/// Who is invited, and as what.
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InviteParams {
    /// Letters, digits, `.`, `_` and `-`; unique whatever its case.
    #[serde(default, deserialize_with = "not_null")]
    #[validate(
        required(message = "This field is required."),
        custom(function = "identifiers::username")
    )]
    #[schema(required = true, nullable = false, value_type = String, max_length = 64, pattern = r"^[\p{L}\p{M}\p{N}._-]*\p{L}[\p{L}\p{M}\p{N}._-]*$", example = "newcomer")]
    pub username: Option<String>,
    /// Where the invitation goes.
    #[serde(default, deserialize_with = "not_null")]
    #[validate(
        required(message = "This field is required."),
        custom(function = "identifiers::email")
    )]
    #[schema(required = true, nullable = false, value_type = String, format = Email, max_length = 254, example = "newcomer@example.com")]
    pub email: Option<String>,
    #[validate(custom(function = "identifiers::name"))]
    #[schema(max_length = 150, pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    pub first_name: Option<String>,
    #[validate(custom(function = "identifiers::name"))]
    #[schema(max_length = 150, pattern = r"^[^\u0000-\u001F\u007F-\u009F]*$")]
    pub last_name: Option<String>,
    /// E.164: `+` and 2 to 15 digits; unique.
    #[validate(custom(function = "identifiers::phone_number"))]
    #[schema(pattern = r"^\+[0-9]{2,15}$")]
    pub phone_number: Option<String>,
    /// `user` when left out.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = Role)]
    pub role: Option<Role>,
    /// The language of its mails, as RFC 5646 has it; the default one when left out.
    #[validate(custom(function = "identifiers::locale"))]
    #[schema(
        max_length = 35,
        pattern = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$",
        example = "de"
    )]
    pub locale: Option<String>,
}

impl Params for InviteParams {}

impl Model {
    /// Make an account without a password, and send the link by which one is chosen.
    ///
    /// # Errors
    /// [`Error::Taken`] names the identifier that a living account has.
    pub async fn invite(means: Means<'_>, params: InviteParams) -> Result<Self> {
        let Means { outbox, now, .. } = means;
        let account = NewAccount {
            username: params.username.unwrap_or_default(),
            email: params.email.unwrap_or_default(),
            first_name: params.first_name,
            last_name: params.last_name,
            phone_number: params.phone_number,
            role: params.role.unwrap_or(Role::DEFAULT),
            is_active: true,
            hashed_password: password::NONE.to_string(),
            locale: params.locale,
            is_verified: false,
        };
        let txn = transaction::begin(means.db).await?;
        let user = account.insert(&txn, now).await?;
        let event = Event::of(Action::AccountInvited, user.id).with("role", user.role.as_str());
        record(&txn, means, event).await?;
        let mails = user.follow_up(&txn, means, Arrival::Invited).await?;
        txn.commit().await?;
        for mail in mails {
            outbox.deliver(mail);
        }
        tracing::info!(user.id = %user.id, role = user.role.as_str(), "somebody was invited");
        Ok(user)
    }

    /// Send the invitation once more; the one before is void.
    ///
    /// # Errors
    /// [`Error::NotFound`] when nobody waits for one under this id.
    pub async fn invite_again(means: Means<'_>, id: Uuid) -> Result<()> {
        let Means { outbox, now, .. } = means;
        let txn = transaction::begin(means.db).await?;
        let user = Self::lock(&txn, id).await?;
        if !user.is_usable(now) || user.has_password() {
            return Err(Error::NotFound);
        }
        let event = Event::of(Action::AccountInvited, user.id).with("again", true);
        record(&txn, means, event).await?;
        let mail = user.order_invitation(&txn, means).await?;
        txn.commit().await?;
        outbox.deliver(mail);
        Ok(())
    }

    /// The mail with the link by which a password is chosen.
    pub(super) async fn order_invitation(
        &self,
        txn: &DatabaseTransaction,
        means: Means<'_>,
    ) -> Result<Ordered> {
        let details = Details::default();
        let mail = means.outbox.order(
            txn,
            Kind::Invitation,
            self,
            &self.email,
            &details,
            means.now,
        );
        mail.await
    }
}
