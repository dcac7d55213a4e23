//! `Clock`: the one that tests move.

use chrono::{Duration, Timelike};
use rollcall::clock::Clock;

#[test]
fn a_clock_and_its_clones_are_moved_together() {
    let clock = Clock::default();
    let clone = clock.clone();
    let before = clock.now();

    clone.advance(Duration::hours(2));
    clone.advance(Duration::hours(-1));

    let moved = clock.now() - before;
    assert!(
        (Duration::hours(1)..Duration::minutes(61)).contains(&moved),
        "{moved}"
    );
}

#[test]
fn a_time_is_in_whole_microseconds() {
    assert_eq!(Clock::default().now().nanosecond() % 1000, 0);
}
