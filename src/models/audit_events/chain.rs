//! The chain: each event's hash is over the hash before it and the event in canonical JSON (RFC 8785:
//! keys in order, no blanks). Changing, removing or moving an event breaks it; removing the last ones
//! shows against a signed head that was kept elsewhere.

use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, PaginatorTrait, QueryOrder, entity::prelude::*,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Column, Entity, Model, commitment, instant};
use crate::models::{
    Error, Result, audit_anchors,
    secrets::{Key, hex, same},
    transaction,
};

mod reading;

/// Before the first event.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What of an event is hashed, in the order of the names.
#[derive(Serialize)]
struct Canonical<'a> {
    action: &'a str,
    actor_id: Option<Uuid>,
    actor_kind: &'a str,
    details: &'a str,
    id: Uuid,
    ip_digest: Option<&'a str>,
    occurred_at: String,
    outcome: &'a str,
    request_id: Option<&'a str>,
    sequence: i64,
    session_id: Option<Uuid>,
    subject_id: Option<Uuid>,
}

/// The hash of an event at this place of the chain.
pub fn hash(previous: &str, event: &Model, sequence: i64) -> Result<String> {
    let canonical = Canonical {
        action: &event.action,
        actor_id: event.actor_id,
        actor_kind: &event.actor_kind,
        details: &event.details,
        id: event.id,
        ip_digest: event.ip_digest.as_deref(),
        occurred_at: instant(event.occurred_at.to_utc()),
        outcome: &event.outcome,
        request_id: event.request_id.as_deref(),
        sequence,
        session_id: event.session_id,
        subject_id: event.subject_id,
    };
    let canonical =
        serde_json::to_vec(&canonical).map_err(|err| Error::Internal(err.to_string()))?;
    let mut hash = Sha256::new();
    hash.update(previous.as_bytes());
    hash.update(&canonical);
    Ok(hex(&hash.finalize()))
}

/// Signs heads and anchors.
#[derive(Clone, Debug)]
pub struct Signer(Key);

impl Signer {
    pub fn new(secret: &[u8]) -> Self {
        Self(Key::derive(secret, "audit head"))
    }

    pub fn sign(&self, sequence: i64, hash: &str) -> String {
        hex(&self.0.mac(&[&sequence.to_be_bytes(), hash.as_bytes()]))
    }

    fn is_ours(&self, head: &Head) -> bool {
        let expected = self.sign(head.sequence, &head.hash);
        same(expected.as_bytes(), head.signature.as_bytes())
    }
}

/// How far the chain goes, signed: kept elsewhere, it shows when the chain's end was cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    pub sequence: i64,
    pub hash: String,
    pub at: DateTime<Utc>,
    pub signature: String,
}

/// The last event in the chain, or the anchor when nothing has come since.
pub async fn last(db: &impl ConnectionTrait) -> Result<(i64, String)> {
    let event = Entity::find()
        .filter(Column::Sequence.is_not_null())
        .order_by_desc(Column::Sequence)
        .one(db)
        .await?;
    if let Some(event) = event {
        return Ok((
            event.sequence.unwrap_or_default(),
            event.hash.unwrap_or_default(),
        ));
    }
    let anchor = audit_anchors::latest(db).await?;
    Ok(anchor.map_or_else(
        || (0, GENESIS.to_string()),
        |anchor| (anchor.sequence, anchor.hash),
    ))
}

pub async fn head(db: &impl ConnectionTrait, signer: &Signer, now: DateTime<Utc>) -> Result<Head> {
    let (sequence, hash) = last(db).await?;
    Ok(Head {
        signature: signer.sign(sequence, &hash),
        sequence,
        hash,
        at: now,
    })
}

/// What a look at the whole chain found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Events that are as they were written, in their places.
    pub verified: u64,
    /// Events that wait for their place in the chain.
    pub unsealed: u64,
    /// The first place that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<ChainFault>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChainFault {
    pub sequence: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<Uuid>,
    pub what: String,
}

impl ChainFault {
    fn new(sequence: i64, event_id: Option<Uuid>, what: &str) -> Self {
        Self {
            sequence,
            event_id,
            what: what.to_string(),
        }
    }
}

/// How many events there are to verify.
pub async fn count(db: &impl ConnectionTrait) -> Result<u64> {
    Ok(Entity::find().count(db).await?)
}

/// Walk the chain from its beginning, and stop at the first fault. `progress` is told how many events
/// have been looked at.
pub async fn verify(
    db: &DatabaseConnection,
    signer: &Signer,
    kept: Option<&Head>,
    mut progress: impl FnMut(u64),
) -> Result<Verdict> {
    let db = &transaction::snapshot(db).await?;
    let unsealed = Entity::find()
        .filter(Column::Sequence.is_null())
        .count(db)
        .await?;
    let anchor = audit_anchors::latest(db).await?;
    let mut walk = match Walk::begin(signer, anchor, kept.cloned()) {
        Ok(walk) => walk,
        Err(fault) => {
            return Ok(Verdict {
                unsealed,
                fault: Some(fault),
                ..Default::default()
            });
        }
    };
    // What lies before an anchor is on its way out.
    let mut events = reading::after(db, (walk.sequence, Uuid::max())).await?;
    while let Some(last) = events.last() {
        let place = (last.sequence.unwrap_or_default(), last.id);
        progress(events.len() as u64);
        // The next ones come while these are hashed on a thread of their own.
        let walking = tokio::task::spawn_blocking(move || {
            let fault = events.iter().find_map(|event| walk.step(event));
            (walk, fault)
        });
        let (next, walked) = tokio::join!(reading::after(db, place), walking);
        let fault;
        (walk, fault) = walked.map_err(|err| Error::Internal(err.to_string()))?;
        if let Some(fault) = fault {
            return Ok(walk.verdict(unsealed, Some(fault?)));
        }
        events = next?;
    }
    let fault = walk.missing_end();
    Ok(walk.verdict(unsealed, fault))
}

/// How far the chain has been followed.
struct Walk {
    sequence: i64,
    hash: String,
    verified: u64,
    kept: Option<Head>,
    seen_head: bool,
}

impl Walk {
    fn begin(
        signer: &Signer,
        anchor: Option<audit_anchors::Model>,
        kept: Option<Head>,
    ) -> std::result::Result<Self, ChainFault> {
        if kept.as_ref().is_some_and(|head| !signer.is_ours(head)) {
            let what = "the head that was kept is not signed by this service";
            return Err(ChainFault::new(0, None, what));
        }
        let (sequence, hash) = match anchor {
            None => (0, GENESIS.to_string()),
            Some(anchor) if signer.sign(anchor.sequence, &anchor.hash) == anchor.signature => {
                (anchor.sequence, anchor.hash)
            }
            Some(anchor) => {
                let what =
                    "the anchor is not signed by this service: somebody else has cut the trail";
                return Err(ChainFault::new(anchor.sequence, None, what));
            }
        };
        let seen_head = match &kept {
            Some(head) if head.sequence == sequence => head.hash == hash,
            Some(head) => head.sequence < sequence,
            None => true,
        };
        Ok(Self {
            sequence,
            hash,
            verified: 0,
            kept,
            seen_head,
        })
    }

    /// What is wrong with the next event, if anything is.
    fn step(&mut self, event: &Model) -> Option<Result<ChainFault>> {
        let at = event.sequence.unwrap_or_default();
        let wrong = |at: i64, what: &str| Some(Ok(ChainFault::new(at, Some(event.id), what)));
        if at != self.sequence + 1 {
            let before = self.sequence;
            return wrong(
                before + 1,
                &format!("an event is missing: after {before} comes {at}"),
            );
        }
        match hash(&self.hash, event, at) {
            Ok(hash) => self.hash = hash,
            Err(err) => return Some(Err(err)),
        }
        if event.hash.as_ref() != Some(&self.hash) {
            return wrong(at, "the event is not what was written, or not in its place");
        }
        if is_another_address(event) {
            return wrong(at, "the address is not the one that was written");
        }
        self.sequence = at;
        self.verified += 1;
        if let Some(head) = self.kept.as_ref().filter(|head| head.sequence == at) {
            self.seen_head = head.hash == self.hash;
            if !self.seen_head {
                return wrong(
                    at,
                    "the event is another one than the head that was kept says",
                );
            }
        }
        None
    }

    fn missing_end(&self) -> Option<ChainFault> {
        let head = self.kept.as_ref().filter(|_| !self.seen_head)?;
        let (kept, last) = (head.sequence, self.sequence);
        let what = format!(
            "the end is missing: the head that was kept is at {kept}, the last event at {last}"
        );
        Some(ChainFault::new(last + 1, None, &what))
    }

    fn verdict(&self, unsealed: u64, fault: Option<ChainFault>) -> Verdict {
        Verdict {
            verified: self.verified,
            unsealed,
            fault,
        }
    }
}

/// An address that is there must be the one that was written; it may have been erased with its user.
fn is_another_address(event: &Model) -> bool {
    match (&event.ip_address, &event.ip_salt, &event.ip_digest) {
        (None, None, _) => false,
        (Some(address), Some(salt), Some(digest)) => commitment(salt, address) != *digest,
        _ => true,
    }
}
