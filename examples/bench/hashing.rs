//! Argon2id as fast as the cores can: one thread for each, of low priority, that keeps its memory.

use std::{
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::sync::oneshot;

use crate::Result;

const SALT: &[u8] = b"nobody's salt 16";
/// Nice value: reads go first.
const LOW: i32 = 10;

fn argon2() -> (Argon2<'static>, Vec<Block>) {
    let params = Params::DEFAULT;
    let memory = vec![Block::default(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    (argon2, memory)
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Hashes a second, of all cores.
pub fn raw(length: Duration) -> f64 {
    let threads: Vec<_> = (0..cores())
        .map(|_| {
            thread::spawn(move || {
                let (argon2, mut memory) = argon2();
                let (start, mut done, mut out) = (Instant::now(), 0_u32, [0; 32]);
                while start.elapsed() < length {
                    argon2
                        .hash_password_into_with_memory(b"password", SALT, &mut out, &mut memory)
                        .expect("a hash");
                    done += 1;
                }
                f64::from(done) / start.elapsed().as_secs_f64()
            })
        })
        .collect();
    threads
        .into_iter()
        .filter_map(|thread| thread.join().ok())
        .sum()
}

type Job = (String, Vec<u8>, oneshot::Sender<[u8; 32]>);

/// What the limit server hashes with.
#[derive(Clone)]
pub struct Hashers(mpsc::Sender<Job>);

impl Hashers {
    pub fn new() -> Self {
        let (sender, receiver) = mpsc::channel::<Job>();
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..cores() {
            let receiver = receiver.clone();
            thread::spawn(move || {
                let _ = rustix::process::setpriority_process(None, LOW);
                let (argon2, mut memory) = argon2();
                loop {
                    let job = receiver.lock().expect("a receiver").recv();
                    let Ok((password, salt, answer)) = job else {
                        return;
                    };
                    let mut out = [0; 32];
                    argon2
                        .hash_password_into_with_memory(
                            password.as_bytes(),
                            &salt,
                            &mut out,
                            &mut memory,
                        )
                        .expect("a hash");
                    let _ = answer.send(out);
                }
            });
        }
        Self(sender)
    }

    pub async fn hash(&self, password: String, salt: Vec<u8>) -> Result<[u8; 32]> {
        let (sender, answer) = oneshot::channel();
        self.0.send((password, salt, sender))?;
        Ok(answer.await?)
    }
}
