//! The migrations that this version knows.

/// In the order of their versions.
pub(super) static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");
