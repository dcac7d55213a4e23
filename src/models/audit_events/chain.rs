//! The chain: each event's hash is over the hash before it and the event in canonical JSON (RFC 8785:
//! keys in order, no blanks). Changing, removing or moving an event breaks it; removing the last ones
//! shows against a signed head that was kept elsewhere.

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use sea_orm::{ConnectionTrait, PaginatorTrait, QueryOrder, StreamTrait, entity::prelude::*};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Column, Entity, Model, commitment, instant};
use crate::models::{Error, Result, audit_anchors, secrets::Key};

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

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut hex = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        hex.push(char::from(DIGITS[usize::from(byte >> 4)]));
        hex.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    hex
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
        crate::models::secrets::same(expected.as_bytes(), head.signature.as_bytes())
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

/// How many events there are to verify.
pub async fn count(db: &impl ConnectionTrait) -> Result<u64> {
    Ok(Entity::find().count(db).await?)
}

/// Walk the chain from its beginning, and stop at the first fault. `progress` is told of each event.
pub async fn verify(
    db: &(impl ConnectionTrait + StreamTrait),
    signer: &Signer,
    kept: Option<&Head>,
    mut progress: impl FnMut(),
) -> Result<Verdict> {
    let mut verdict = Verdict {
        unsealed: Entity::find()
            .filter(Column::Sequence.is_null())
            .count(db)
            .await?,
        ..Default::default()
    };
    let fault = |sequence: i64, event_id: Option<Uuid>, what: &str| {
        Some(ChainFault {
            sequence,
            event_id,
            what: what.to_string(),
        })
    };
    if kept.is_some_and(|head| !signer.is_ours(head)) {
        verdict.fault = fault(
            0,
            None,
            "the head that was kept is not signed by this service",
        );
        return Ok(verdict);
    }
    let anchor = audit_anchors::latest(db).await?;
    let (mut sequence, mut hash) = match anchor {
        None => (0, GENESIS.to_string()),
        Some(anchor) if signer.sign(anchor.sequence, &anchor.hash) == anchor.signature => {
            (anchor.sequence, anchor.hash)
        }
        Some(anchor) => {
            let what = "the anchor is not signed by this service: somebody else has cut the trail";
            verdict.fault = fault(anchor.sequence, None, what);
            return Ok(verdict);
        }
    };
    let mut seen_head = kept.is_none_or(|head| head.sequence < sequence);
    if let Some(head) = kept.filter(|head| head.sequence == sequence) {
        seen_head = head.hash == hash;
    }
    // What lies before an anchor is on its way out.
    let mut events = Entity::find()
        .filter(Column::Sequence.gt(sequence))
        .order_by_asc(Column::Sequence)
        .stream(db)
        .await?;
    while let Some(event) = events.try_next().await? {
        progress();
        let at = event.sequence.unwrap_or_default();
        let id = Some(event.id);
        if at != sequence + 1 {
            let what = format!("an event is missing: after {sequence} comes {at}");
            verdict.fault = fault(sequence + 1, id, &what);
            return Ok(verdict);
        }
        hash = self::hash(&hash, &event, at)?;
        if event.hash.as_deref() != Some(hash.as_str()) {
            verdict.fault = fault(
                at,
                id,
                "the event is not what was written, or not in its place",
            );
            return Ok(verdict);
        }
        if is_another_address(&event) {
            verdict.fault = fault(at, id, "the address is not the one that was written");
            return Ok(verdict);
        }
        sequence = at;
        verdict.verified += 1;
        if let Some(head) = kept.filter(|head| head.sequence == at) {
            seen_head = head.hash == hash;
            if !seen_head {
                verdict.fault = fault(
                    at,
                    id,
                    "the event is another one than the head that was kept says",
                );
                return Ok(verdict);
            }
        }
    }
    if let (false, Some(head)) = (seen_head, kept) {
        let what = format!(
            "the end is missing: the head that was kept is at {}, the last event at {sequence}",
            head.sequence
        );
        verdict.fault = fault(sequence + 1, None, &what);
    }
    Ok(verdict)
}

/// An address that is there must be the one that was written; it may have been erased with its user.
fn is_another_address(event: &Model) -> bool {
    match (&event.ip_address, &event.ip_salt, &event.ip_digest) {
        (None, None, _) => false,
        (Some(address), Some(salt), Some(digest)) => commitment(salt, address) != *digest,
        _ => true,
    }
}
