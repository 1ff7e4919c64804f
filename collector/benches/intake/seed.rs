//! Cases that are there before a round, made by the database itself. Their keys and codes are random, as those of real ones, since that is
//! what makes large indexes slow.

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

/// Texts for both databases; `$numbers` gives `i` from 1 to the number of cases, `$random(n)` is a random text of `n` hexadecimal digits.
const INSERTS: [&str; 4] = [
    "insert into feedback (id, site_id, kind, message, rating, desired_outcome, reference, contact_cipher, locale, page_url, page_title, \
     keep_unmasked, received_at) select $id, (select id from sites), 'complaint', '送货迟到了三天，没有人联系我。' || $random(40), 2, '退还配送费', $random(36), \
     $random(160), 'zh-CN', 'https://shop.example/orders/1', '我的订单', false, 1700000000000 + i from $numbers",
    "insert into cases (id, site_id, submission_key, request_hash, code_hash, code_cipher, kind, status, priority, received_at, updated_at) \
     select $id, (select id from sites), $random(22), $random(43), $random(11), $random(90), 'complaint', 'acknowledged', 'normal', \
     1700000000000 + i, 1700000000000 + i from $numbers",
    "insert into events (id, case_id, seq, type, actor, data, created_at, position) \
     select $id, $id, 1, 'case.created', 'customer', '{}', 1700000000000 + i, i from $numbers",
    "update counters set value = (select max(position) from events) where name = 'event_position'",
];

/// Fills an SQLite with `cases` cases.
pub async fn sqlite(connection: &mut SqliteConnection, cases: i64) -> sqlx::Result<()> {
    let numbers =
        format!("(with recursive n (i) as (select 1 union all select i + 1 from n where i < {cases}) select i from n)");
    let mut tx = connection.begin().await?;
    for insert in INSERTS {
        let text = insert
            .replace("$numbers", &numbers)
            .replace("$id", "printf('018bcfe5-%04x-7000-8000-%012x', i / 65536, i)");
        let random = |digits: usize| format!("substr(hex(randomblob({})), 1, {digits})", digits.div_ceil(2));
        sqlx::query(AssertSqlSafe(with_random(text, random))).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    sqlx::query("pragma wal_checkpoint(truncate)").execute(connection).await?;
    Ok(())
}

/// Fills a PostgreSQL with `cases` cases.
pub async fn postgres(connection: &mut PgConnection, cases: i64) -> sqlx::Result<()> {
    for insert in INSERTS {
        let text = insert.replace("$numbers", &format!("generate_series(1, {cases}) i")).replace(
            "$id",
            "'018bcfe5-' || lpad(to_hex(i / 65536), 4, '0') || '-7000-8000-' || lpad(to_hex(i), 12, '0')",
        );
        let random = |digits: usize| {
            format!("substr({}, 1, {digits})", vec!["md5(random()::text)"; digits.div_ceil(32)].join(" || "))
        };
        sqlx::query(AssertSqlSafe(with_random(text, random))).execute(&mut *connection).await?;
    }
    for settle in ["analyze", "checkpoint"] {
        sqlx::query(settle).execute(&mut *connection).await?;
    }
    Ok(())
}

fn with_random(mut text: String, random: impl Fn(usize) -> String) -> String {
    while let Some(at) = text.find("$random(") {
        let end = at + text[at..].find(')').unwrap_or(0);
        let digits = text[at + "$random(".len()..end].parse().unwrap_or(32);
        text.replace_range(at..=end, &random(digits));
    }
    text
}
