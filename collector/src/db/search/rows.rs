//! How segments stand in the database.

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::bits::{Bits, encode_places};
use crate::db::Tx;
use crate::db::rows::{Part, Rows, chunks, placeholders};
use crate::with_tx;

/// Cases of a segment at most: a place is two bytes.
pub const CASES_MAX: usize = 65_536;
/// Identifiers of a piece.
pub const PIECE: usize = 256;
/// The token of those that are gone. No text has it.
pub const GONE: &str = "!";

/// A segment.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Segment {
    /// Its number.
    pub id: i64,
    /// How many cases it has, with those that are gone.
    pub cases: i64,
    /// The oldest of them.
    pub first_id: String,
    /// The newest.
    pub last_id: String,
}

impl Segment {
    /// How many places it has.
    pub fn size(&self) -> usize {
        usize::try_from(self.cases).unwrap_or_default()
    }
}

/// The segments that are searched.
pub async fn segments(tx: &mut Tx) -> sqlx::Result<Vec<Segment>> {
    let select = "select id, cases, first_id, last_id from case_search_segments where state = 1 order by last_id desc";
    with_tx!(tx, conn => sqlx::query_as(select).fetch_all(conn).await)
}

/// Writes the sets of tokens, which are those of no other row.
pub async fn write_places(tx: &mut Tx, segment: i64, size: usize, sets: &[(String, Vec<u16>)]) -> sqlx::Result<()> {
    static INSERT: Rows = Rows::new(&[Part {
        head: "insert into case_search_places (segment, token, places) values ",
        row: "(?, ?, ?)",
        tail: "",
    }]);
    for chunk in chunks(sets) {
        let insert = INSERT.sql(tx, chunk.len());
        with_tx!(tx, conn => {
            let mut query = sqlx::query(insert);
            for (token, places) in chunk {
                query = query.bind(segment).bind(token).bind(encode_places(places, size));
            }
            query.execute(conn).await.map(|_| ())
        })?;
    }
    Ok(())
}

/// Writes the identifiers of a segment, which are in order.
pub async fn write_ids(tx: &mut Tx, segment: i64, ids: &[Uuid]) -> sqlx::Result<()> {
    static INSERT: Rows = Rows::new(&[Part {
        head: "insert into case_search_ids (segment, piece, first_id, ids) values ",
        row: "(?, ?, ?, ?)",
        tail: "",
    }]);
    let pieces: Vec<(i64, &[Uuid])> = (0..).zip(ids.chunks(PIECE)).collect();
    for chunk in chunks(&pieces) {
        let insert = INSERT.sql(tx, chunk.len());
        with_tx!(tx, conn => {
            let mut query = sqlx::query(insert);
            for (piece, ids) in chunk {
                let bytes: Vec<u8> = ids.iter().flat_map(|id| *id.as_bytes()).collect();
                query = query.bind(segment).bind(*piece).bind(ids[0].to_string()).bind(bytes);
            }
            query.execute(conn).await.map(|_| ())
        })?;
    }
    Ok(())
}

/// The identifiers of some pieces of a segment, or of all, as pairs of piece and identifiers in order.
pub async fn read_ids(tx: &mut Tx, segment: i64, pieces: Option<&[i64]>) -> sqlx::Result<Vec<(i64, Vec<Uuid>)>> {
    let of = pieces.map_or(String::new(), |pieces| format!(" and piece in ({})", placeholders(1, pieces.len())));
    let select = AssertSqlSafe(format!("select piece, ids from case_search_ids where segment = $1{of} order by piece"));
    let rows: Vec<(i64, Vec<u8>)> = with_tx!(tx, conn => {
        let query = sqlx::query_as(select).bind(segment);
        let query = pieces.unwrap_or_default().iter().fold(query, |query, piece| query.bind(*piece));
        query.fetch_all(conn).await
    })?;
    Ok(rows.into_iter().map(|(piece, bytes)| (piece, ids_of(&bytes))).collect())
}

/// Where an identifier is in a segment, or would be.
pub async fn place_of(tx: &mut Tx, segment: i64, id: &Uuid) -> sqlx::Result<Result<usize, usize>> {
    let select = "select piece, ids from case_search_ids where segment = $1 and piece = \
        (select max(piece) from case_search_ids where segment = $1 and first_id <= $2)";
    let found: Option<(i64, Vec<u8>)> = with_tx!(tx, conn => sqlx::query_as(select).bind(segment).bind(id.to_string())
        .fetch_optional(conn).await)?;
    let Some((piece, bytes)) = found else { return Ok(Err(0)) };
    let before = usize::try_from(piece).unwrap_or_default() * PIECE;
    Ok(ids_of(&bytes).binary_search(id).map(|at| before + at).map_err(|at| before + at))
}

/// The cases of a segment that are gone.
pub async fn read_gone(tx: &mut Tx, segment: i64, size: usize) -> sqlx::Result<Bits> {
    let select = "select places from case_search_places where segment = $1 and token = $2";
    let bytes: Option<Vec<u8>> =
        with_tx!(tx, conn => sqlx::query_scalar(select).bind(segment).bind(GONE).fetch_optional(conn).await)?;
    let mut gone = Bits::none(size);
    if let Some(bytes) = bytes {
        gone.add_encoded(&bytes);
    }
    Ok(gone)
}

/// Says which cases of a segment are gone.
pub async fn write_gone(tx: &mut Tx, segment: i64, gone: &Bits) -> sqlx::Result<()> {
    let upsert = "insert into case_search_places (segment, token, places) values ($1, $2, $3) \
        on conflict (segment, token) do update set places = excluded.places";
    with_tx!(tx, conn => sqlx::query(upsert).bind(segment).bind(GONE).bind(gone.encode()).execute(conn).await.map(|_| ()))
}

fn ids_of(bytes: &[u8]) -> Vec<Uuid> {
    bytes.as_chunks::<16>().0.iter().map(|bytes| Uuid::from_bytes(*bytes)).collect()
}
