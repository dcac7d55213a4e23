//! Requests that ask for their sessions at the same moment share a query.
//!
//! What costs most of a small query is its way: two threads or two processes that wake each other, a
//! test of the connection when it is given back. A request that comes alone asks at once; those that
//! come while a query is under way are in the next one together. None is answered by a query that began
//! before it asked, so each sees what was committed until then: a revocation is seen by the very next
//! request, as if each had asked for itself.

use std::{
    collections::HashMap,
    mem,
    panic::AssertUnwindSafe,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::FutureExt;
use sea_orm::{DatabaseConnection, DbErr};
use tokio::{sync::oneshot, time::timeout};
use tracing::{Instrument, Span};
use uuid::Uuid;

use super::{Model, authentications::Authenticated, with_user::MOST};
use crate::models::{Error, Result};

/// Nobody waits longer for a query of others before the next one begins: a connection may hang.
const SLOW: Duration = Duration::from_millis(50);

type Found = Option<Arc<Authenticated>>;

#[derive(Clone, Default)]
pub struct Lookups(Arc<Mutex<Queue>>);

#[derive(Default)]
struct Queue {
    asked: Vec<Asked>,
    /// A query that the next one waits for.
    under_way: bool,
}

struct Asked {
    id: Uuid,
    /// The log has the statement beside the first of the requests that share it.
    request: Span,
    answer: oneshot::Sender<Result<Found, DbErr>>,
}

impl Lookups {
    /// The session with this id and its user, as they are at this moment or later.
    pub async fn find(&self, db: &DatabaseConnection, id: Uuid) -> Result<Found> {
        let (answer, found) = oneshot::channel();
        {
            let mut queue = self.queue();
            let request = Span::current();
            queue.asked.push(Asked {
                id,
                request,
                answer,
            });
            if !mem::replace(&mut queue.under_way, true) {
                self.begin(db);
            }
        }
        match found.await {
            Ok(found) => Ok(found?),
            Err(_) => Err(Error::Internal("a query ended without an answer".into())),
        }
    }

    /// Of its own: it goes on when the request leaves that happened to begin it.
    #[expect(
        clippy::disallowed_methods,
        reason = "it ends when nobody waits for its answers any more"
    )]
    fn begin(&self, db: &DatabaseConnection) {
        tokio::spawn(self.clone().work(db.clone()));
    }

    /// Ask for those who wait, until nobody does.
    async fn work(self, db: DatabaseConnection) {
        while let Some(asked) = self.next() {
            // After a panic whoever asked hears of it, and those who come later are still answered.
            let first = asked[0].request.clone();
            let query = AssertUnwindSafe(ask(&db, asked)).catch_unwind();
            let mut query = pin!(query.instrument(first));
            if timeout(SLOW, &mut query).await.is_err() {
                self.begin(&db);
                let _ = query.await;
                return;
            }
        }
    }

    fn next(&self) -> Option<Vec<Asked>> {
        let mut queue = self.queue();
        queue.asked.retain(|asked| !asked.answer.is_closed());
        if queue.asked.is_empty() {
            queue.under_way = false;
            return None;
        }
        let count = queue.asked.len().min(MOST);
        Some(queue.asked.drain(..count).collect())
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As long as at least one of them is there to hear the answer.
async fn ask(db: &DatabaseConnection, mut asked: Vec<Asked>) {
    let mut ids: Vec<Uuid> = asked.iter().map(|asked| asked.id).collect();
    ids.sort_unstable();
    ids.dedup();
    let found = {
        let nobody = async {
            for asked in &mut asked {
                asked.answer.closed().await;
            }
        };
        tokio::select! {
            found = Model::find_with_users(db, &ids) => found,
            () = nobody => return,
        }
    };
    match found {
        Ok(rows) => {
            let shared = |(session, user)| Arc::new(Authenticated { session, user });
            let rows = rows.into_iter();
            let found: HashMap<_, _> = rows.map(|(id, read)| (id, read.map(shared))).collect();
            for Asked { id, answer, .. } in asked {
                let _ = answer.send(found.get(&id).cloned().transpose());
            }
        }
        Err(err) => {
            for Asked { answer, .. } in asked {
                let _ = answer.send(Err(err.clone()));
            }
        }
    }
}
