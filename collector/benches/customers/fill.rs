//! Cases of as many customers, from before there were customers, straight into the tables.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sayso::App;
use sayso::cases::case::contact_context;
use sayso::cases::code::encrypt;
use sayso::clock::Millis;
use sayso::db::Tx;
use sayso::db::rows::{Part, Rows, chunks};
use sayso::keys::{Keys, new_id_at, random_bytes};
use sayso::sites::Site;
use sayso::with_tx;
use serde_json::json;

use crate::filling::{BATCH, progress, received_at, tracking_code};

struct Made {
    id: String,
    at: Millis,
    phone: String,
    name: String,
}

/// The phone number of a customer.
pub fn phone(number: usize) -> String {
    format!("+86138{number:08}")
}

/// That of the one who has many cases.
pub fn phone_of_the_busy() -> String {
    "+8613900000000".to_owned()
}

/// Makes a case for each of `customers`, and `cases` of one more.
pub async fn fill(app: &App, site: &Site, customers: usize, cases: usize) -> anyhow::Result<()> {
    let (now, all) = (app.clock.now(), customers + cases);
    let bar = progress(all)?;
    for first in (0..all).step_by(BATCH) {
        let made = |number: usize| {
            let at = received_at(now, number, all);
            let phone = if number < customers { phone(number) } else { phone_of_the_busy() };
            Made { id: new_id_at(at), at, phone, name: format!("Customer {}", number.min(customers)) }
        };
        let made: Vec<Made> = (first..all.min(first + BATCH)).map(made).collect();
        let mut tx = app.db.begin().await?;
        write(&mut tx, &app.keys, site, &made).await?;
        tx.commit().await?;
        bar.inc(made.len() as u64);
    }
    bar.finish_and_clear();
    Ok(())
}

async fn write(tx: &mut Tx, keys: &Keys, site: &Site, made: &[Made]) -> sqlx::Result<()> {
    static CASES: Rows = Rows::new(&[Part {
        head: "insert into cases (id, site_id, code_hash, code_cipher, kind, status, priority, received_at, updated_at, quarantine) values ",
        row: "(?, ?, ?, ?, 'question', 'closed', 'normal', ?, ?, '')",
        tail: "",
    }]);
    static FEEDBACK: Rows = Rows::new(&[Part {
        head: "insert into feedback (id, site_id, kind, message, contact_cipher, locale, keep_unmasked, received_at) values ",
        row: "(?, ?, 'question', 'Where is my order?', ?, 'en', false, ?)",
        tail: "",
    }]);
    let code = tracking_code();
    for chunk in chunks(made) {
        let (cases, feedback) = (CASES.sql(tx, chunk.len()), FEEDBACK.sql(tx, chunk.len()));
        with_tx!(tx, conn => {
            let mut query = sqlx::query(cases);
            for case in chunk {
                let hash = URL_SAFE_NO_PAD.encode(random_bytes::<8>());
                let cipher = encrypt(keys, &case.id, &code);
                query = query.bind(&case.id).bind(site.id()).bind(hash).bind(cipher).bind(case.at).bind(case.at);
            }
            query.execute(conn).await.map(|_| ())
        })?;
        with_tx!(tx, conn => {
            let mut query = sqlx::query(feedback);
            for case in chunk {
                let contact = json!({"name": case.name, "phone": case.phone}).to_string();
                let cipher = keys.encrypt(&contact_context(&case.id), contact.as_bytes());
                query = query.bind(&case.id).bind(site.id()).bind(cipher).bind(case.at);
            }
            query.execute(conn).await.map(|_| ())
        })?;
    }
    Ok(())
}
