//! The database role of the processes: it reads and writes rows, and can't change the schema. The role that migrates
//! owns the tables, and with them the triggers that keep the ledger and the audit log.

use secrecy::{ExposeSecret, SecretString};
use sqlx::{AssertSqlSafe, PgConnection};

const EXISTS: &str = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)";
const CREATE: &str = "SELECT format('CREATE ROLE %I LOGIN PASSWORD %L', $1, $2)";
/// One statement per row.
const GRANTS: &str = "
    WITH ours AS (SELECT DISTINCT schemaname FROM pg_tables
                   WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'public'))
    SELECT format(statement, schemaname, $1) FROM ours, unnest(ARRAY[
        'GRANT USAGE ON SCHEMA %I TO %I',
        'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO %I',
        'GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %I TO %I']) AS statement
    UNION ALL SELECT format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), $1)";

/// Creates `role` with the password unless it exists, and grants it the rows of every table of ours. `connection` is
/// that of the owner, who may create roles.
pub async fn set_up(connection: &mut PgConnection, role: &str, password: Option<&SecretString>) -> sqlx::Result<()> {
    if !sqlx::query_scalar::<_, bool>(EXISTS).bind(role).fetch_one(&mut *connection).await? {
        let password = password.map(ExposeSecret::expose_secret);
        let create = sqlx::query_scalar(CREATE).bind(role).bind(password).fetch_one(&mut *connection).await?;
        execute(connection, create).await?;
    }
    let grants: Vec<String> = sqlx::query_scalar(GRANTS).bind(role).fetch_all(&mut *connection).await?;
    for grant in grants {
        execute(connection, grant).await?;
    }
    Ok(())
}

async fn execute(connection: &mut PgConnection, statement: String) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await.map(|_| ())
}
