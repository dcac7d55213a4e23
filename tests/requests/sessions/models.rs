//! Rotation and throttling against models of a few lines each, through random histories.

mod rotation;
mod throttling;

use std::{
    fmt::Debug,
    sync::atomic::{AtomicUsize, Ordering},
};

use proptest::{
    strategy::Strategy,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use tokio::{runtime::Handle, task::spawn_blocking};

use crate::support::{Service, service};

/// Histories of one run, unless `PROPTEST_CASES` says how many: each step asks a real service.
const CASES: u32 = 24;

/// Try histories on one service, from the same seed each time; the shortest one that fails is shown.
async fn try_histories<S, F>(histories: S, history: F)
where
    S: Strategy<Value: Debug + Send> + Send + 'static,
    F: AsyncFn(&Service, usize, S::Value) + Send + 'static,
{
    service(|s| async move {
        let config = Config::default();
        let cases = if config.cases == 256 {
            CASES
        } else {
            config.cases
        };
        let config = Config {
            cases,
            failure_persistence: None,
            ..config
        };
        let done = spawn_blocking(move || {
            let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
            let n = AtomicUsize::new(0);
            TestRunner::new_with_rng(config, rng).run(&histories, |steps| {
                let n = n.fetch_add(1, Ordering::Relaxed);
                Handle::current().block_on(history(&s, n, steps));
                Ok(())
            })
        });
        if let Err(failure) = done.await.expect("the histories") {
            panic!("{failure}");
        }
    })
    .await;
}
