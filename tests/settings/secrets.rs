//! Which secret may sign where.

use std::str::FromStr;

use loco_rs::{app::Hooks, environment::Environment};
use rollcall::{
    app::App,
    settings::{self, Settings},
};

use super::{OWN_SECRET, is_refused, set_secret, test_config};

#[tokio::test]
async fn a_shipped_secret_is_for_loopback_only() {
    for environment in ["development", "test"] {
        let environment = Environment::from_str(environment).unwrap();
        let mut config = App::load_config(&environment).await.unwrap();
        assert!(settings::has_shipped_secret(&config));

        for binding in ["localhost", "127.0.0.1", "127.1.2.3", "::1"] {
            config.server.binding = binding.into();
            Settings::from_config(&config, &environment).expect(binding);
            settings::check_binding(&config, binding).expect(binding);
        }
        for binding in [
            "0.0.0.0",
            "::",
            "192.168.1.1",
            "localhost.example.com",
            "",
            "127.0.0.1.example.com",
        ] {
            config.server.binding = binding.into();
            is_refused(&config, &environment, "JWT_SECRET_KEY");
            let refusal = settings::check_binding(&config, binding).expect_err(binding);
            assert!(refusal.to_string().contains("JWT_SECRET_KEY"));
        }
    }
}

#[tokio::test]
async fn with_a_secret_of_ones_own_every_binding_is_good() {
    let mut config = test_config().await;
    set_secret(&mut config, OWN_SECRET);

    for binding in ["localhost", "0.0.0.0", "::", "192.168.1.1"] {
        config.server.binding = binding.into();
        Settings::from_config(&config, &Environment::Test).expect(binding);
        settings::check_binding(&config, binding).expect(binding);
    }
}
