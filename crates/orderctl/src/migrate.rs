//! `orderctl migrate`: brings the database to the schema that this binary was built with.

use anyhow::{Context, anyhow, bail};
use platform::config::DatabaseArgs;
use secrecy::ExposeSecret;
use sqlx::migrate::{AppliedMigration, Migrate, Migration, Migrator};
use sqlx::{Connection, PgConnection};
use std::fmt::Write;

static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");
/// Where sqlx notes what was applied; `sqlx migrate` and `#[sqlx::test]` know the same name.
const TABLE: &str = "_sqlx_migrations";

/// Applies what is missing, one transaction a migration; of two that start at once, one waits for the other.
///
/// On a connection of its own: the limits of a pool's sessions are for requests, and a migration may take longer.
pub async fn migrate(database: &DatabaseArgs) -> anyhow::Result<()> {
    let url = database.database_url.expose_secret();
    let mut connection = PgConnection::connect(url).await.context("no connection to the database")?;
    connection.lock().await?;
    connection.ensure_migrations_table(TABLE).await?;
    if let Some(version) = connection.dirty_version(TABLE).await? {
        bail!("migration {version} was begun and did not end well; repair the database by hand");
    }
    let applied = connection.list_applied_migrations(TABLE).await?;
    refuse_strangers(&applied)?;
    let missing: Vec<_> = MIGRATOR.iter().filter(|migration| !is_among(&applied, migration)).collect();
    apply_all(&mut connection, &missing).await?;
    connection.unlock().await?;
    println!("migrate: {} applied, {} in all", missing.len(), MIGRATOR.iter().count());
    Ok(())
}

async fn apply_all(connection: &mut PgConnection, missing: &[&Migration]) -> anyhow::Result<()> {
    for (number, migration) in missing.iter().enumerate() {
        let (version, description) = (migration.version, &migration.description);
        // Its text names the cause already.
        let refused = |error| anyhow!("migration {version} ({description}) does not apply: {error}");
        let took = connection.apply(TABLE, migration).await.map_err(refused)?;
        println!("migrate: {}/{} {version} {description} ({} ms)", number + 1, missing.len(), took.as_millis());
    }
    Ok(())
}

/// A database with migrations that we do not know is newer than we are, and one with others of the same name is not
/// ours: neither is touched.
fn refuse_strangers(applied: &[AppliedMigration]) -> anyhow::Result<()> {
    let mut problems = String::new();
    for migration in applied {
        match MIGRATOR.iter().find(|known| known.version == migration.version) {
            None => writeln!(problems, "  {} is unknown: the database is newer than this binary", migration.version)?,
            Some(known) if known.checksum != migration.checksum => {
                writeln!(problems, "  {} was applied with another text than this binary has", migration.version)?;
            }
            Some(_same) => {}
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        bail!("the database and this binary do not fit:\n{}", problems.trim_end())
    }
}

fn is_among(applied: &[AppliedMigration], migration: &Migration) -> bool {
    applied.iter().any(|one| one.version == migration.version)
}
