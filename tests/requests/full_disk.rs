//! A full disk under SQLite: what was acknowledged is there, and the next write after the disk has
//! room again is a real one. Needs to mount a file system, so it runs as root on Linux only.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use loco_rs::{app::Hooks, boot::StartMode, environment::Environment};
use rollcall::{app::App, models::users, runtime::Runtime};
use serde_json::json;

use crate::support::{
    Client,
    waiting::{LONG, until},
};

/// A small file system of its own, gone at the end.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let path = std::env::temp_dir().join(format!("rollcall-disk-{}", std::process::id()));
        std::fs::create_dir_all(&path).ok()?;
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"])
            .arg(&path)
            .output();
        mounted
            .ok()
            .filter(|output| output.status.success())
            .map(|_| Self(path))
    }

    /// Take all the room there is.
    fn fill(&self) {
        let mut file = std::fs::File::create(self.filler()).expect("a file");
        for size in [4096, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.filler()).expect("to remove the file");
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
        let _ = std::fs::remove_dir(&self.0);
    }
}

async fn register(client: &Client, username: &str) -> u16 {
    let body = json!({
        "username": username,
        "email": format!("{username}@example.com"),
        "password": "securepassword",
    });
    client.post("/auth/register", body).await.status
}

/// The usernames that somebody else finds in the file.
async fn usernames(file: &Path) -> Vec<String> {
    let uri = format!("sqlite://{}", file.display());
    let db = sea_orm::Database::connect(uri)
        .await
        .expect("a second connection");
    let users = users::Model::newest(&db, 1000).await.expect("the users");
    db.close().await.expect("to close");
    users.into_iter().map(|user| user.username).collect()
}

#[tokio::test]
async fn after_a_full_disk_every_acknowledged_write_is_there() {
    let Some(disk) = SmallDisk::mount() else {
        // Not by `eprintln`: what a test prints that passes is not shown.
        let skipped =
            b"SKIPPED after_a_full_disk_every_acknowledged_write_is_there: mounting needs root\n";
        let _ = std::io::stderr().write_all(skipped);
        return;
    };
    let file = disk.0.join("rollcall.sqlite");
    let mut config = App::load_config(&Environment::Test)
        .await
        .expect("the configuration");
    config.database.uri = format!("sqlite://{}?mode=rwc", file.display());
    let boot = App::boot(StartMode::ServerOnly, &Environment::Test, config)
        .await
        .expect("a service");
    let client = Client::new(boot.router.clone().expect("a router"));
    let mut acknowledged = Vec::new();

    let mut refused = 0;
    for round in 0..3 {
        disk.fill();
        for i in 0..40 {
            let username = format!("full{round}x{i}");
            match register(&client, &username).await {
                201 => acknowledged.push(username),
                status => {
                    assert_eq!(status, 503, "a full disk is an outage");
                    refused += 1;
                }
            }
        }
        if round == 0 {
            assert_eq!(client.get("/_readiness").await.status, 503, "not ready");
        }
        disk.free();
        let username = format!("after{round}");
        assert_eq!(
            register(&client, &username).await,
            201,
            "the next write works"
        );
        acknowledged.push(username);
    }

    let ready = async || client.get("/_readiness").await.status == 200;
    until(LONG, ready).await;
    assert!(refused >= 3, "the disk was never full: {refused}");
    let found = usernames(&file).await;
    for username in &acknowledged {
        assert!(
            found.contains(username),
            "{username} was acknowledged and is lost"
        );
    }
    assert_eq!(
        found.len(),
        acknowledged.len(),
        "a refused registration left a row"
    );
    Runtime::of(&boot.app_context)
        .expect("a runtime")
        .stop()
        .await;
}
