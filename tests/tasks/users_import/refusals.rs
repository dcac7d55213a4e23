//! Files and arguments that can't be used: nothing is changed.

use serde_json::json;

use super::{import, import_with, refusal, report_of, row, traces, written};
use crate::{
    support::{process::Scratch, service},
    tasks::task,
};

#[tokio::test]
async fn a_file_that_cannot_be_used_as_a_whole_is_refused() {
    service(|s| async move {
        let scratch = Scratch::new();
        let good = "ada,ada@example.com\n";
        for (name, text, says) in [
            ("empty.csv", String::new(), "the file is empty"),
            ("empty.jsonl", String::new(), "the file is empty"),
            (
                "blank.csv",
                "\n".to_string(),
                "the first line has no names of columns",
            ),
            ("header.csv", good.to_string(), "there is no column `ada`"),
            (
                "semicolons.csv",
                "username;email\nada;x\n".to_string(),
                "no names of columns",
            ),
            (
                "no_email.csv",
                "username\nada\n".to_string(),
                "the column `email` is missing",
            ),
            (
                "unknown.csv",
                format!("username,email,age\n{good}"),
                "there is no column `age`; there are: id, username, email, ",
            ),
            (
                "twice.csv",
                format!("username,email,email\n{good}"),
                "the column `email` is there twice",
            ),
            (
                "salt.csv",
                "username,email,password_salt\n".to_string(),
                "needs the parameters of a Firebase project",
            ),
        ] {
            let file = written(scratch.file(name), text);
            let run = import(&s.ctx.config.database.uri, &file, &[]).await;

            let said = refusal(&run);
            assert!(said.contains(says), "{name}: {said}");
            assert!(said.contains(name), "which file? {said}");
            assert!(!said.contains("ada@"), "{said}");
            assert!(!report_of(&file).exists(), "{name}");
        }
        let missing = import(
            &s.ctx.config.database.uri,
            &scratch.file("missing.csv"),
            &[],
        )
        .await;
        let said = refusal(&missing);
        assert!(
            said.contains("missing.csv") && said.contains("No such file"),
            "{said}"
        );

        assert_eq!(traces(&s).await, (0, 0));
        assert_eq!(s.accounts().await, 0);
    })
    .await;
}

#[tokio::test]
async fn arguments_that_are_unknown_missing_or_of_another_kind_are_refused() {
    service(|s| async move {
        let scratch = Scratch::new();
        let file = written(scratch.file("rows.jsonl"), row("ada", json!({})));
        let file = file.display().to_string();
        let whole = [("file", file.as_str()), ("format", "jsonl")];
        let with = |more: &[(&'static str, &'static str)]| {
            let more = more.iter().copied();
            whole.iter().copied().chain(more).collect::<Vec<_>>()
        };
        for (arguments, says) in [
            (vec![], "`file:…` is missing"),
            (vec![whole[0]], "`format:…` is missing"),
            (
                vec![whole[0], ("format", "xml")],
                "`format` is csv or jsonl",
            ),
            (with(&[("dryrun", "true")]), "`dryrun` is not known here"),
            // Neither may bring in accounts by mistake.
            (with(&[("dry_run", "yes")]), "`dry_run` is true or false"),
            (
                with(&[("setup_mail", "1")]),
                "`setup_mail` is true or false",
            ),
            (
                with(&[("firebase_rounds", "8")]),
                "FIREBASE_SIGNER_KEY is missing",
            ),
            (
                with(&[("firebase_salt_separator", "Bw==")]),
                "FIREBASE_SIGNER_KEY is missing",
            ),
            (
                with(&[("report", "/nowhere/at/all.csv")]),
                "/nowhere/at/all.csv",
            ),
        ] {
            let said = task(&s.ctx, "users:import", &arguments).await;
            let said = said.expect_err("a refusal");
            assert!(said.contains(says), "{arguments:?}: {said}");
        }
        assert_eq!(traces(&s).await, (0, 0));
        assert_eq!(s.accounts().await, 0);
    })
    .await;
}

#[tokio::test]
async fn the_parameters_of_a_firebase_project_belong_together() {
    service(|s| async move {
        let scratch = Scratch::new();
        let file = written(scratch.file("rows.jsonl"), row("ada", json!({})));
        for (arguments, says) in [
            (
                vec!["firebase_rounds:8"],
                "`firebase_salt_separator:…` is missing",
            ),
            (
                vec!["firebase_rounds:8", "firebase_salt_separator:Bw=="],
                "`firebase_mem_cost:…` is missing",
            ),
            (
                vec![
                    "firebase_rounds:x",
                    "firebase_salt_separator:Bw==",
                    "firebase_mem_cost:14",
                ],
                "`firebase_rounds` is a number",
            ),
        ] {
            let key = ("FIREBASE_SIGNER_KEY", "c4n4ry");
            let run = import_with(&s.ctx.config.database.uri, &file, &arguments, &[key]).await;

            let said = refusal(&run);
            assert!(said.contains(says), "{arguments:?}: {said}");
            assert!(!said.contains("c4n4ry"), "{said}");
        }
        assert_eq!(s.accounts().await, 0);
    })
    .await;
}
