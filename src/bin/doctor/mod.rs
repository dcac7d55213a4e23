//! `cargo loco doctor [--json]`: the framework's checks and ours, without those that only its authors need.

use loco_rs::{Error, Result, app::Hooks, boot::create_context, environment::Environment};
use rollcall::{app::App, initializers::doctor};

use crate::arguments::{command, environment};

pub struct Doctor {
    environment: Environment,
    as_json: bool,
}

/// If this command asks for it. `--config`, which prints the configuration, is the framework's.
pub fn asked_for(arguments: &[String]) -> Option<Doctor> {
    let [first, flags @ ..] = command(arguments) else {
        return None;
    };
    let is_production = |flag: &String| flag == "--production" || flag == "-p";
    let is_known = |flag: &String| flag == "--json" || is_production(flag);
    if first != "doctor" || !flags.iter().all(is_known) {
        return None;
    }
    Some(Doctor {
        environment: if flags.iter().any(is_production) {
            Environment::Production
        } else {
            environment(arguments)
        },
        as_json: flags.iter().any(|flag| flag == "--json"),
    })
}

impl Doctor {
    pub async fn run(self) -> Result<()> {
        let config = App::load_config(&self.environment).await?;
        let ctx = create_context::<App>(&self.environment, config).await?;
        if doctor::report::<App>(&ctx, self.as_json).await? {
            return Ok(());
        }
        Err(Error::string("this installation is not sound"))
    }
}
