//! Where the next page of a list begins: the values of the last row of this one, opaque and signed, so
//! that nobody can make or change one.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use sea_orm::{ConnectionTrait, QueryOrder, QuerySelect, Select, entity::prelude::*};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    Error, Result,
    params::Fault,
    secrets::{self, Key},
};

/// Longer ones are none of ours.
const MAX_LENGTH: usize = 2048;
const TAG_BYTES: usize = 16;

#[derive(Clone, Debug)]
pub struct Cursors(Key);

impl Cursors {
    pub fn new(secret: &[u8]) -> Self {
        Self(Key::derive(secret, "cursor"))
    }

    /// A cursor of the list with this name: its filters and its order belong to the name.
    pub fn make(&self, list: &str, place: &impl Serialize) -> Result<String> {
        let place = serde_json::to_vec(place).map_err(|err| Error::Internal(err.to_string()))?;
        let tag = self.0.mac(&[list.as_bytes(), &[0], &place]);
        Ok(BASE64.encode([&tag[..TAG_BYTES], &place].concat()))
    }

    /// The place of a cursor that was made for this list.
    ///
    /// # Errors
    /// [`Error::Invalid`] for any other string.
    pub fn read<T: DeserializeOwned>(&self, list: &str, cursor: &str) -> Result<T> {
        self.place(list, cursor).ok_or_else(|| {
            Error::Invalid(vec![Fault::new(
                "cursor",
                "invalid_cursor",
                "This is not a cursor of this list, with these filters and this order.",
            )])
        })
    }

    fn place<T: DeserializeOwned>(&self, list: &str, cursor: &str) -> Option<T> {
        if cursor.len() > MAX_LENGTH {
            return None;
        }
        let bytes = BASE64.decode(cursor).ok()?;
        let (tag, place) = bytes.split_first_chunk::<TAG_BYTES>()?;
        let expected = self.0.mac(&[list.as_bytes(), &[0], place]);
        secrets::same(tag, &expected[..TAG_BYTES]).then_some(())?;
        serde_json::from_slice(place).ok()
    }
}

/// Which part of a list is asked for.
pub struct Part<'a> {
    /// The list's name, with all that it depends on: filters, and whose it is.
    pub list: &'a str,
    pub cursor: Option<&'a str>,
    pub limit: u64,
}

/// A page of rows whose ids are versions 7 of UUID, the newest first.
///
/// # Errors
/// [`Error::Invalid`] for a cursor of another list.
pub async fn newest_first<E: EntityTrait>(
    db: &impl ConnectionTrait,
    cursors: &Cursors,
    rows: Select<E>,
    id: E::Column,
    part: Part<'_>,
) -> Result<Page<E::Model>> {
    let Part {
        list,
        cursor,
        limit,
    } = part;
    let mut query = rows.order_by_desc(id).limit(limit + 1);
    if let Some(cursor) = cursor {
        let place: Uuid = cursors.read(list, cursor)?;
        query = query.filter(id.lt(place));
    }
    let mut rows = query.all(db).await?;
    let more = rows.len() as u64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = match rows.last().filter(|_| more).map(|row| row.get(id)) {
        Some(Value::Uuid(Some(end))) => Some(cursors.make(list, &end)?),
        _ => None,
    };
    Ok(Page { rows, next })
}

/// Rows of one page, and where the next one begins.
#[derive(Debug)]
pub struct Page<T> {
    pub rows: Vec<T>,
    pub next: Option<String>,
}
