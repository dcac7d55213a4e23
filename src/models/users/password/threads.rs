//! Threads that hash: of low priority, so that everybody else's requests go first, and each with its memory
//! kept from one hash to the next, because taking 19 MiB anew from the system costs a tenth of a hash.
//! In huge pages a hash would be 3 % faster; but to let them in while this memory is first written lets others have them
//! too: 10 MiB for the process.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::Duration,
};

use argon2::Block;

use crate::models::{Error, Result};

/// Memory that nobody hashed in for so long is given back.
const KEEP_FOR: Duration = Duration::from_secs(10);

/// Nice value of a hash thread: below requests, above what is idle.
#[cfg(target_os = "linux")]
const LOW: i32 = 10;

/// What a thread hashes in.
#[derive(Default)]
pub struct Desk(Vec<Block>);

impl Desk {
    pub fn blocks(&mut self, count: usize) -> &mut [Block] {
        if self.0.len() < count {
            self.0.resize(count, Block::default());
        }
        &mut self.0[..count]
    }
}

/// Called when the thread rests again.
type Answer = Box<dyn FnOnce()>;

struct Job {
    work: Box<dyn FnOnce(&mut Desk) -> Answer + Send>,
    /// The way to the thread that does it, which goes back to those that rest.
    thread: Sender<Job>,
}

/// As many threads as were ever busy at once; whoever calls says how many that may be. They end with the last
/// clone of this.
#[derive(Clone, Default)]
pub struct Threads(Arc<Mutex<Vec<Sender<Job>>>>);

impl Threads {
    /// Do this on a thread that rests, or on a new one.
    ///
    /// # Errors
    /// When the system has no more threads.
    pub fn run(&self, work: impl FnOnce(&mut Desk) -> Answer + Send + 'static) -> Result<()> {
        // The one that rested last: its memory is still there.
        let resting = lock(&self.0).pop();
        let thread = match resting {
            Some(thread) => thread,
            None => self.begin()?,
        };
        let job = Job {
            work: Box::new(work),
            thread: thread.clone(),
        };
        let sent = thread.send(job);
        sent.map_err(|err| Error::Internal(err.to_string()))
    }

    fn begin(&self) -> Result<Sender<Job>> {
        let (sender, jobs) = channel();
        let resting = Arc::downgrade(&self.0);
        let builder = thread::Builder::new().name("hash".to_string());
        let begun = builder.spawn(move || {
            #[cfg(target_os = "linux")]
            if let Err(err) = rustix::process::setpriority_process(None, LOW) {
                tracing::debug!(error = %err, "hashes have the priority of everything else");
            }
            let mut desk = Desk::default();
            while let Some(Job { work, thread }) = next(&jobs, &mut desk) {
                let answer = work(&mut desk);
                if let Some(resting) = resting.upgrade() {
                    lock(&resting).push(thread);
                }
                answer();
            }
        });
        begun.map_err(|err| Error::Internal(err.to_string()))?;
        Ok(sender)
    }
}

fn next(jobs: &Receiver<Job>, desk: &mut Desk) -> Option<Job> {
    match jobs.recv_timeout(KEEP_FOR) {
        Err(RecvTimeoutError::Timeout) => {
            *desk = Desk::default();
            jobs.recv().ok()
        }
        next => next.ok(),
    }
}

fn lock<T>(threads: &Mutex<T>) -> MutexGuard<'_, T> {
    threads.lock().unwrap_or_else(PoisonError::into_inner)
}
