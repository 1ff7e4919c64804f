//! What one of several collectors does while the others wait.

use sqlx::AssertSqlSafe;

use super::{Db, SqlitePools};

/// Executes statements of which each makes something unless it is there. On PostgreSQL that still races between two replicas that start together, so `lock`
/// comes first.
pub(super) async fn execute_alone(
    db: &Db,
    lock: i64,
    statements: impl IntoIterator<Item = String>,
) -> sqlx::Result<()> {
    match db {
        Db::Sqlite(SqlitePools { write: pool, .. }) => {
            for statement in statements {
                sqlx::query(AssertSqlSafe(statement)).execute(pool).await?;
            }
            Ok(())
        }
        Db::Postgres(pool) => {
            let mut tx = pool.begin().await?;
            sqlx::query("select pg_advisory_xact_lock($1)").bind(lock).execute(&mut *tx).await?;
            for statement in statements {
                sqlx::query(AssertSqlSafe(statement)).execute(&mut *tx).await?;
            }
            tx.commit().await
        }
    }
}
