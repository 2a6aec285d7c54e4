//! `orderctl migrate`: migrates the database to the schema that this binary was built with.

use anyhow::{Context, anyhow, bail};
use platform::config::DatabaseArgs;
use secrecy::ExposeSecret;
use sqlx::migrate::{AppliedMigration, Migrate, Migration, Migrator};
use sqlx::{Connection, PgConnection};
use std::fmt::Write;

static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");
/// The table in which sqlx records applied migrations, also used by `sqlx migrate` and `#[sqlx::test]`.
const TABLE: &str = "_sqlx_migrations";

/// Applies the missing migrations, one transaction per migration. Concurrent runs wait for each other's lock.
///
/// Uses its own connection: the timeouts of a pool's sessions are for requests, and a migration may take longer.
pub async fn migrate(database: &DatabaseArgs) -> anyhow::Result<()> {
    let url = database.database_url.expose_secret();
    let mut connection = PgConnection::connect(url).await.context("no connection to the database")?;
    connection.lock().await?;
    connection.ensure_migrations_table(TABLE).await?;
    if let Some(version) = connection.dirty_version(TABLE).await? {
        bail!("migration {version} started and did not complete; repair the database by hand");
    }
    let applied = connection.list_applied_migrations(TABLE).await?;
    check_applied(&applied)?;
    let missing: Vec<_> = MIGRATOR.iter().filter(|migration| !is_among(&applied, migration)).collect();
    apply_all(&mut connection, &missing).await?;
    connection.unlock().await?;
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
