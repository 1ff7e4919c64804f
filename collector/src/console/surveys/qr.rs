//! The public link of a survey as a QR code, for posters, receipts and tables.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use qrcodegen::{QrCode, QrCodeEcc};

use super::access::survey_for;
use crate::app::App;
use crate::auth::SignedIn;
use crate::http::{Error, Result};

/// Light modules around the code, which scanners need (ISO/IEC 18004).
const MARGIN: i32 = 4;

/// A picture to be saved: black on white, whatever the colours of the page.
pub(super) async fn show(State(app): State<App>, who: SignedIn, Path(key): Path<String>) -> Result<Response> {
    let (survey, _) = survey_for(&app, &who, &key).await?;
    if !survey.has_page() {
        return Err(Error::NotFound("the survey has no page"));
    }
    let link = app.config.url(&survey.path());
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}.svg\"", survey.key)),
    ];
    Ok((headers, picture(&link)?).into_response())
}

fn picture(link: &str) -> Result<String> {
    let code = QrCode::encode_text(link, QrCodeEcc::Medium);
    let code = code.map_err(|error| Error::Internal(anyhow::anyhow!("no picture of the link: {error}")))?;
    let places = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y)));
    let dark = places.filter(|(x, y)| code.get_module(*x, *y));
    let squares: String = dark.map(|(x, y)| format!("M{},{}h1v1h-1z", x + MARGIN, y + MARGIN)).collect();
    let size = code.size() + 2 * MARGIN;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{size}v{size}H0z\"/><path d=\"{squares}\"/></svg>"
    ))
}
