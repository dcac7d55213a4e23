use super::*;

#[tokio::test]
async fn a_backup_is_made_while_the_service_writes() {
    let ground = Ground::new().await;
    let server = ground.start(&[], &[]).await;
    register(&server, "ada").await;
    let file = ground.file("a.backup");
    let to = format!("to:{}", file.display());
    let database = ground.database();
    if !database.starts_with("sqlite:") {
        let said = refusal(&database, "db:backup", &[&to]).await;
        assert!(said.contains("pg_dump"), "{said}");
        assert!(!file.exists());
        return;
    }
    let writing = async {
        for n in 0..20 {
            register(&server, &format!("while-{n}")).await;
        }
    };
    let arguments = [to.as_str()];
    let (backup, ()) = tokio::join!(done(&database, "db:backup", &arguments), writing);

    let size = std::fs::metadata(&file).expect("the file").len();
    assert_eq!(backup["bytes"], size);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&file)
            .expect("the file")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // It is a database like any other.
    let copy = format!("sqlite://{}", file.display());
    let accounts = exported(&copy, &ground).await.lines().count();
    assert!((1..=21).contains(&accounts), "{accounts}");
    let server = ground.start(&[], &[("DATABASE_URL", &copy)]).await;
    log_in(&server, "ada").await;
}

#[tokio::test]
async fn a_backup_replaces_nothing_and_leaves_nothing_half_done() {
    let ground = Ground::new().await;
    let database = ground.database();
    if !database.starts_with("sqlite:") {
        return;
    }
    done(&database, "user:list", &[]).await;
    let file = ground.file("mine");
    std::fs::write(&file, "mine").expect("a file");
    let said = refusal(&database, "db:backup", &[&format!("to:{}", file.display())]).await;
    assert!(said.contains("there is a file"), "{said}");
    assert_eq!(std::fs::read(&file).expect("the file"), b"mine");

    let said = refusal(&database, "db:backup", &["to:/nowhere/at/all"]).await;
    assert!(said.contains("can't be written"), "{said}");
    let said = refusal(&database, "db:backup", &[]).await;
    assert!(said.contains("`to:…` is missing"), "{said}");
}
