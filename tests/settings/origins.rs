//! Where production is reached, and from where it is called.

use loco_rs::environment::Environment::Production;
use rollcall::settings::Settings;

use super::{
    is_refused,
    production::{good, set_origins},
};

#[tokio::test]
async fn the_base_url_is_https_without_a_path() {
    for host in [
        "",
        "canary.example.com",
        "http://canary.example.com",
        "HTTPS://canary.example.com",
        "https://",
        "https://canary.example.com/",
        "https://canary.example.com/path",
        "https://canary.example.com?query",
        "https://user:canary@example.com",
        "https://*.canary.example.com",
        "https://canary example.com",
        " https://canary.example.com",
    ] {
        let mut config = good().await;
        config.server.host = host.into();

        is_refused(&config, &Production, "server.host (HOST)");
    }
    for host in [
        "https://example.com",
        "https://example.com:8443",
        "https://[::1]:5150",
    ] {
        let mut config = good().await;
        config.server.host = host.into();

        Settings::from_config(&config, &Production).expect(host);
    }
}

#[tokio::test]
async fn origins_are_exact() {
    for origin in [
        "*",
        "null",
        "",
        "canary.example.com",
        "https://*.canary.example.com",
        "https://canary.example.com/",
        "https://canary.example.com/path",
        "https://user@canary.example.com",
        "ftp://canary.example.com",
    ] {
        for origins in [&[origin][..], &["https://app.example.com", origin]] {
            let mut config = good().await;
            set_origins(&mut config, origins);

            is_refused(
                &config,
                &Production,
                "server.middlewares.cors.allow_origins (ALLOW_ORIGINS)",
            );
        }
    }
    for origins in [&[][..], &["https://a.example.com", "http://localhost:3000"]] {
        let mut config = good().await;
        set_origins(&mut config, origins);

        Settings::from_config(&config, &Production).unwrap();
    }
}
