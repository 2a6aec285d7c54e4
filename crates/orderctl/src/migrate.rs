//! `orderctl migrate`: migrates the database to the schema that this binary was built with.

use anyhow::{Context, anyhow, bail, ensure};
use platform::config::{DatabaseArgs, DirectDatabaseArgs, login_in_url};
use platform::postgres::{process_role, session};
use sqlx::migrate::{AppliedMigration, Migrate, Migration, Migrator};
use sqlx::{Connection, PgConnection};
use std::fmt::Write;

static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");
/// The table in which sqlx records applied migrations, also used by `sqlx migrate` and `#[sqlx::test]`.
const TABLE: &str = "_sqlx_migrations";
const PROCESS: &str = "orderctl migrate";
const UNREACHABLE: &str = "no connection to the database";
const POOLED: &str = "the database is behind a connection pooler in transaction mode, where the lock of a migration does \
                      not hold: set DATABASE_DIRECT_URL to the URL of the server itself";

/// Applies the missing migrations, one transaction per migration. Concurrent runs wait for each other's lock. Then sets
/// up the role that `DATABASE_URL` names: its privileges, unless it is the owner itself, and the defaults of its sessions.
///
/// Uses its own connection: the timeouts of a pool's sessions are for requests, and a migration may take longer.
pub async fn migrate(database: &DatabaseArgs, direct: &DirectDatabaseArgs) -> anyhow::Result<()> {
    let role = session::options(database, PROCESS)?.get_username().to_owned();
    let mut connection = connect(database, direct).await?;
    connection.lock().await?;
    apply_missing(&mut connection).await?;
    if is_other_role(&role, database, direct)? {
        let password = login_in_url(&database.database_url).and_then(|(_user, password)| password);
        let set_up = process_role::set_up(&mut connection, &role, password.as_ref()).await;
        set_up
            .with_context(|| format!("role {role} can't be created or get its privileges; migrate as a superuser"))?;
        println!("migrate: role {role} may read and write rows, and not change the schema");
    }
    let defaults = session::set_defaults(&mut connection, &role).await;
    defaults
        .with_context(|| format!("the settings of the sessions of role {role} can't be set; migrate as a superuser"))?;
    println!("migrate: the sessions of role {role} have their settings");
    connection.unlock().await?;
    Ok(())
}

/// Whether another role migrates than the one of the processes.
fn is_other_role(role: &str, database: &DatabaseArgs, direct: &DirectDatabaseArgs) -> anyhow::Result<bool> {
    Ok(session::options(&migrating(database, direct), PROCESS)?.get_username() != role)
}

fn migrating(database: &DatabaseArgs, direct: &DirectDatabaseArgs) -> DatabaseArgs {
    let url = direct.database_direct_url.as_ref().unwrap_or(&database.database_url).clone();
    DatabaseArgs { database_url: url, ..database.clone() }
}

async fn connect(database: &DatabaseArgs, direct: &DirectDatabaseArgs) -> anyhow::Result<PgConnection> {
    let options = session::options(&migrating(database, direct), PROCESS)?;
    ensure!(!session::is_pooled(&options).await.context(UNREACHABLE)?, POOLED);
    let mut connection = PgConnection::connect_with(&options).await.context(UNREACHABLE)?;
    session::lift_limits(&mut connection).await?;
    Ok(connection)
}

async fn apply_missing(connection: &mut PgConnection) -> anyhow::Result<()> {
    connection.ensure_migrations_table(TABLE).await?;
    if let Some(version) = connection.dirty_version(TABLE).await? {
        bail!("migration {version} started and did not complete; repair the database by hand");
    }
    let applied = connection.list_applied_migrations(TABLE).await?;
    check_applied(&applied)?;
    let missing: Vec<_> = MIGRATOR.iter().filter(|migration| !is_among(&applied, migration)).collect();
    apply_all(connection, &missing).await?;
    println!("migrate: {} applied, {} in all", missing.len(), MIGRATOR.iter().count());
    Ok(())
}

async fn apply_all(connection: &mut PgConnection, missing: &[&Migration]) -> anyhow::Result<()> {
    for (number, migration) in missing.iter().enumerate() {
        let (version, description) = (migration.version, &migration.description);
        // The text of sqlx's error contains its source already, so `context` would print the source twice.
        let failed = |error| anyhow!("migration {version} ({description}) failed: {error}");
        let elapsed = connection.apply(TABLE, migration).await.map_err(failed)?;
        println!("migrate: {}/{} {version} {description} ({} ms)", number + 1, missing.len(), elapsed.as_millis());
    }
    Ok(())
}

/// Refuses a database with unknown migrations, which is newer than this binary, and one whose migrations differ from
/// ours under the same version.
fn check_applied(applied: &[AppliedMigration]) -> anyhow::Result<()> {
    let mut problems = String::new();
    for migration in applied {
        match MIGRATOR.iter().find(|known| known.version == migration.version) {
            None => writeln!(problems, "  {} is unknown: the database is newer than this binary", migration.version)?,
            Some(known) if known.checksum != migration.checksum => {
                writeln!(
                    problems,
                    "  {} was applied with a different text than the one in this binary",
                    migration.version
                )?;
            }
            Some(_same) => {}
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        bail!("the database does not match this binary:\n{}", problems.trim_end())
    }
}

fn is_among(applied: &[AppliedMigration], migration: &Migration) -> bool {
    applied.iter().any(|one| one.version == migration.version)
}
