//! What is done by a link in a mail.

mod email_change;
mod invitations;
mod letters;
mod magic_links;
mod new_device;
mod pages;
mod passwords;
mod share;
mod tokens;
mod unverified;
mod verification;

use loco_rs::config::Config;

use crate::support::nodes::set;

/// Another good password.
const ANOTHER: &str = "staple the correct battery";

/// As in production: an address must be confirmed.
fn required(config: &mut Config) {
    set(config, "require_verified_email", true);
}
