//! The table of contents: what is mounted where, and what happens at boot.

use std::{path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::{Router, http::StatusCode};
use loco_rs::{
    Error, Result,
    app::{AppContext, Hooks, Initializer},
    bgworker::{BackgroundWorker, Queue},
    boot::{BootResult, ServeParams, StartMode, create_app},
    config::Config,
    controller::{AppRoutes, middleware::MiddlewareLayer, views::ViewEngine},
    db::truncate_table,
    environment::Environment,
    task::Tasks,
};
use migration::Migrator;
use tokio::net::TcpListener;

use crate::{
    controllers::{self, middlewares},
    initializers::{
        audit_sealing::AuditSealing, authentication_watch::AuthenticationWatch,
        database_watch::DatabaseWatch, doctor, housekeeping::Housekeeping, logger,
        mail_delivery::MailDelivery, metrics, openapi, serving,
    },
    mailers::account::AccountMailer,
    models::{
        database::{pool, schema},
        imports, leases, one_time_tokens, outbox_mails, sessions, throttles, users,
    },
    runtime::Runtime,
    settings::{self, Settings},
    tasks,
    views::{self, problem::Problem},
    workers::deliver_mail::DeliverMail,
};

pub struct App;

#[async_trait]
impl Hooks for App {
    fn app_name() -> &'static str {
        env!("CARGO_CRATE_NAME")
    }

    fn app_version() -> String {
        format!(
            "{} ({})",
            env!("CARGO_PKG_VERSION"),
            option_env!("BUILD_SHA").unwrap_or("dev")
        )
    }

    /// Refuse a wrong configuration before anything is opened, and wait for the database.
    async fn load_config(environment: &Environment) -> Result<Config> {
        let mut config = environment
            .load()
            .map_err(|err| settings::explain(err, environment))?;
        // The framework's pool gives way to ours; its PRAGMAs would meet those of a process that starts beside.
        config.database.run_on_start = Some("SELECT 1".to_string());
        let settings = Settings::from_config(&config, environment)?;
        let longest = Duration::from_millis(settings.serving.database_wait_ms);
        let found = pool::wait(&config.database, longest).await;
        found.map_err(Error::Message)?;
        Ok(config)
    }

    fn init_logger(ctx: &AppContext) -> Result<bool> {
        logger::init(&ctx.config.logger)?;
        Ok(true)
    }

    async fn boot(
        mode: StartMode,
        environment: &Environment,
        config: Config,
    ) -> Result<BootResult> {
        create_app::<Self, Migrator>(mode, environment, config).await
    }

    async fn after_context(mut ctx: AppContext) -> Result<AppContext> {
        let framework_pool =
            std::mem::replace(&mut ctx.db, pool::connect(&ctx.config.database).await?);
        framework_pool.close().await?;
        // Before anything is made in it that a newer version would not know.
        schema::pending(&ctx.db, "the database").await?;
        Runtime::install(&ctx)?;
        AccountMailer::install(&ctx)?;
        let pages = views::account::templates()?;
        ctx.shared_store.insert(ViewEngine::new(pages));
        Ok(ctx)
    }

    async fn before_run(ctx: &AppContext) -> Result<()> {
        Ok(schema::check(&ctx.db, "the database").await?)
    }

    async fn initializers(_ctx: &AppContext) -> Result<Vec<Box<dyn Initializer>>> {
        let mut all: Vec<Box<dyn Initializer>> = vec![
            Box::new(AuditSealing),
            Box::new(AuthenticationWatch),
            Box::new(DatabaseWatch),
            Box::new(Housekeeping),
            Box::new(MailDelivery),
        ];
        all.extend(doctor::subjects());
        Ok(all)
    }

    async fn before_routes(ctx: &AppContext) -> Result<Router<AppContext>> {
        Ok(openapi::routes(ctx)?.fallback(async || Problem::from_status(StatusCode::NOT_FOUND)))
    }

    async fn after_routes(router: Router, ctx: &AppContext) -> Result<Router> {
        let rollcall = Runtime::of(ctx)?;
        let trusted = &rollcall.settings.trusted_proxies.0;
        Ok(middlewares::before_routing(router, trusted))
    }

    /// Once it is known that the secret may be used on this address.
    async fn serve(app: Router, ctx: &AppContext, params: &ServeParams) -> Result<()> {
        settings::check_binding(&ctx.config, &params.binding)?;
        let listener = TcpListener::bind(format!("{}:{}", params.binding, params.port)).await?;
        let rollcall = Runtime::of(ctx)?;
        metrics::serve(&rollcall).await?;
        serving::serve(app, listener, &rollcall).await;
        // Mails that are under way may end.
        rollcall.stop().await;
        Ok(())
    }

    async fn on_shutdown(ctx: &AppContext) {
        if let Ok(rollcall) = Runtime::of(ctx) {
            rollcall.stop().await;
        }
    }

    fn middlewares(ctx: &AppContext) -> Vec<Box<dyn MiddlewareLayer>> {
        middlewares::stack(ctx)
    }

    fn routes(ctx: &AppContext) -> AppRoutes {
        let ctx = &Arc::new(ctx.clone());
        AppRoutes::empty()
            .add_route(controllers::monitoring::routes(ctx))
            .add_route(controllers::auth::routes(ctx))
            .add_route(controllers::oauth::routes(ctx))
            .add_route(controllers::sessions::routes(ctx))
            .add_route(controllers::users::routes(ctx))
            .add_route(controllers::verification::routes(ctx))
            .add_route(controllers::passwords::routes(ctx))
            .add_route(controllers::magic_links::routes(ctx))
            .add_route(controllers::invitations::routes(ctx))
            .add_route(controllers::admin_users::routes(ctx))
            .add_route(controllers::audit::routes(ctx))
            .add_route(controllers::account_pages::routes(ctx))
            .add_route(controllers::dev_mails::routes(ctx))
    }

    async fn connect_workers(ctx: &AppContext, queue: &Queue) -> Result<()> {
        queue.register(DeliverMail::build(ctx)).await?;
        Ok(())
    }

    fn register_tasks(tasks: &mut Tasks) {
        tasks.register(tasks::audit_cut::AuditCut);
        tasks.register(tasks::audit_export::AuditExport);
        tasks.register(tasks::audit_head::AuditHead);
        tasks.register(tasks::audit_verify::AuditVerify);
        tasks.register(tasks::db_backup::DbBackup);
        tasks.register(tasks::db_copy::DbCopy);
        tasks.register(tasks::db_restore::DbRestore);
        tasks.register(tasks::outbox_list::OutboxList);
        tasks.register(tasks::outbox_purge::OutboxPurge);
        tasks.register(tasks::outbox_retry::OutboxRetry);
        tasks.register(tasks::sessions_purge::SessionsPurge);
        tasks.register(tasks::user_create::UserCreate);
        tasks.register(tasks::user_list::UserList);
        tasks.register(tasks::user_promote::UserPromote);
        tasks.register(tasks::users_export::UsersExport);
        tasks.register(tasks::users_import::UsersImport);
        tasks.register(tasks::users_purge::UsersPurge);
        tasks.register(tasks::users_reinstate::UsersReinstate);
        tasks.register(tasks::users_restore::UsersRestore);
        tasks.register(tasks::users_search::UsersSearch);
        tasks.register(tasks::users_suspend::UsersSuspend);
        // tasks-inject (do not remove)
    }

    async fn truncate(ctx: &AppContext) -> Result<()> {
        // truncate-inject (do not remove)
        truncate_table(&ctx.db, outbox_mails::Entity).await?;
        truncate_table(&ctx.db, one_time_tokens::Entity).await?;
        truncate_table(&ctx.db, sessions::Entity).await?;
        truncate_table(&ctx.db, throttles::Entity).await?;
        truncate_table(&ctx.db, leases::Entity).await?;
        truncate_table(&ctx.db, imports::Entity).await?;
        truncate_table(&ctx.db, users::Entity).await?;
        Ok(())
    }

    async fn seed(ctx: &AppContext, base: &Path) -> Result<()> {
        tasks::seed::run(ctx, base).await
    }
}
