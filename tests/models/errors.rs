//! `error::is_outage`: try again later, or a fault of ours?

use rollcall::models::error::is_outage;
use sea_orm::{ConnAcquireErr, ConnectionTrait, DbErr, RuntimeErr};

use crate::support::service;

fn from_sqlx(err: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(err.into()))
}

#[test]
fn a_database_out_of_reach_is_an_outage() {
    for err in [
        DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
        DbErr::Conn(RuntimeErr::Internal("no route".into())),
        from_sqlx(sqlx::Error::PoolTimedOut),
        from_sqlx(sqlx::Error::PoolClosed),
        from_sqlx(sqlx::Error::WorkerCrashed),
        from_sqlx(sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into())),
        from_sqlx(sqlx::Error::Protocol("cut".into())),
    ] {
        assert!(is_outage(&err), "{err:?}");
    }
}

#[test]
fn a_statement_that_is_wrong_is_none() {
    for err in [
        from_sqlx(sqlx::Error::RowNotFound),
        from_sqlx(sqlx::Error::ColumnNotFound("x".into())),
        DbErr::RecordNotUpdated,
        DbErr::Custom("x".into()),
        DbErr::Type("x".into()),
    ] {
        assert!(!is_outage(&err), "{err:?}");
    }
}

#[tokio::test]
async fn what_a_database_refuses_for_good_is_none() {
    service(|s| async move {
        for statement in [
            "SELECT * FROM nothing",
            "SELEC",
            "INSERT INTO users (id) VALUES (NULL)",
        ] {
            let err = s.ctx.db.execute_unprepared(statement).await.unwrap_err();

            assert!(!is_outage(&err), "{statement}: {err:?}");
        }
    })
    .await;
}
