//! Where there is no mail server: mails are kept in memory, and in the log of a development server, so
//! that everything can be tried with nothing installed.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use loco_rs::mailer::Email;
use uuid::Uuid;

/// The latest so many.
const KEPT: usize = 200;

#[derive(Clone, Default)]
pub struct Recorded(Arc<Mutex<VecDeque<(Uuid, Email)>>>);

impl Recorded {
    pub fn keep(&self, id: Uuid, email: Email) {
        tracing::info!(
            to = email.to,
            subject = email.subject,
            "a mail:\n\n{}",
            email.text
        );
        let mut mails = self.mails();
        if mails.len() == KEPT {
            mails.pop_front();
        }
        mails.push_back((id, email));
    }

    /// The oldest first.
    pub fn all(&self) -> Vec<(Uuid, Email)> {
        self.mails().iter().cloned().collect()
    }

    pub fn find(&self, id: Uuid) -> Option<Email> {
        let mails = self.mails();
        let found = mails.iter().rev().find(|(kept, _)| *kept == id);
        found.map(|(_, email)| email.clone())
    }

    fn mails(&self) -> MutexGuard<'_, VecDeque<(Uuid, Email)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
