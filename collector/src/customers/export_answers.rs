//! What a customer answered to surveys, for their export: by personal links, and in files that name them as they are known here.

use serde::Serialize;

use super::customer::Known;
use crate::app::App;
use crate::clock::{Millis, rfc3339};
use crate::http::Result;
use crate::service::store;
use crate::service::survey::Survey;
use crate::surveys::invitations::Token;
use crate::surveys::questions::text_in;
use crate::surveys::respondent_hashes::imported_respondent;
use crate::with_db;
use sayso_shared::Lang;

/// An answer to a question of a survey.
#[derive(Serialize)]
pub(super) struct ExportedAnswer {
    survey: String,
    /// What the survey is called, where it is still there.
    pub(super) title: String,
    pub(super) item: String,
    field: String,
    pub(super) value: String,
    pub(super) at: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    survey: String,
    item: String,
    field: String,
    value: String,
    answered_at: Millis,
}

/// All of a customer's, the oldest first.
pub(super) async fn answers(app: &App, id: &str, known: &Known, lang: Lang) -> Result<Vec<ExportedAnswer>> {
    let select = "select id from survey_invitations where customer_id = $1 or customer_id in (select id from customers where merged_into = $1)";
    let invitations: Vec<String> =
        with_db!(&app.db, pool => sqlx::query_scalar(select).bind(id).fetch_all(pool).await)?;
    let by_link = invitations.iter().filter_map(|id| Some(Token::of(&app.keys, id)?.respondent(&app.keys)));
    let names = known.emails.iter().chain(&known.phones).chain(&known.identity);
    let respondents: Vec<String> = by_link.chain(names.map(|name| imported_respondent(&app.keys, name))).collect();
    let surveys: Vec<Survey> = store::all(&app.db).await?;
    let mut rows: Vec<Row> = Vec::new();
    for respondent in &respondents {
        let select = "select survey, item, field, value, answered_at from survey_answers where respondent = $1";
        let found: Vec<Row> = with_db!(&app.db, pool => sqlx::query_as(select).bind(respondent).fetch_all(pool).await)?;
        rows.extend(found);
    }
    rows.sort_by(|one, other| {
        (one.answered_at, &one.survey, &one.item, &one.field).cmp(&(
            other.answered_at,
            &other.survey,
            &other.item,
            &other.field,
        ))
    });
    let answer = |row: Row| {
        let survey = surveys.iter().find(|survey| survey.key.as_str() == row.survey);
        let title = survey.map_or(row.survey.as_str(), |survey| text_in(&survey.title, lang, None)).to_owned();
        let item = survey.and_then(|survey| survey.items.iter().find(|item| item.key.as_str() == row.item));
        ExportedAnswer {
            title,
            item: item.map_or_else(|| row.item.clone(), |item| text_in(&item.text, lang, None).to_owned()),
            survey: row.survey,
            field: row.field,
            value: row.value,
            at: rfc3339(row.answered_at),
        }
    };
    Ok(rows.into_iter().map(answer).collect())
}
