//! How long a test waits for what takes its time.

use std::time::{Duration, Instant};

/// Far more than anything takes that a test waits for without having promised a time.
pub const LONG: Duration = Duration::from_secs(20);

/// Ask until the answer is yes; how long did it take?
pub async fn until<Fut>(deadline: Duration, mut ask: impl FnMut() -> Fut) -> Duration
where
    Fut: Future<Output = bool>,
{
    let started = Instant::now();
    while !ask().await {
        assert!(started.elapsed() < deadline, "not within {deadline:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    started.elapsed()
}
