//! A site's own colours as a style sheet: our pages allow no inline style. A colour that could not be read on our
//! surfaces is made darker or lighter until it can, since the site's owner chose it for a logo and not for text.

use std::fmt::Write;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::visit::{Segment, Visit};
use crate::app::App;
use crate::http::{Error, Result};
use crate::sites::colour::Colour;
use crate::sites::settings::Theme;

/// `GET /s/{key}/theme.css`; `?accent=` is the colour of a page that shows ours in a frame, in six hexadecimal digits.
pub async fn serve(State(app): State<App>, Segment(key): Segment, visit: Visit) -> Result<Response> {
    let site = app.sites.by_key(&key).await?.ok_or(Error::NoSite)?;
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=60")];
    let mut theme = site.settings.theme.clone();
    if let Some(digits) = visit.accent() {
        theme.accent = Some(format!("#{digits}"));
    }
    Ok((headers, sheet(&theme)).into_response())
}

fn sheet(theme: &Theme) -> String {
    let mut css = String::new();
    let rule =
        |accent: Colour| format!("--sayso-accent: {}; --sayso-on-accent: {};", accent.hex(), accent.text().hex());
    if let Some(accent) = theme.accent.as_deref().and_then(Colour::parse) {
        let (light, dark) = (rule(accent.on_light()), rule(accent.on_dark()));
        let _ = writeln!(css, ":root {{ {light} }}");
        let _ = writeln!(css, ":root[data-theme=\"dark\"] {{ {dark} }}");
        let _ = writeln!(
            css,
            "@media screen and (prefers-color-scheme: dark) {{ :root:not([data-theme=\"light\"]) {{ {dark} }} }}"
        );
    }
    if let Some(radius) = theme.radius {
        // The larger parts keep their proportion to the smaller ones.
        let (small, large) = (u16::from(radius) / 2, u16::from(radius) * 7 / 4);
        let _ = writeln!(
            css,
            ":root {{ --sayso-radius-s: {small}px; --sayso-radius: {radius}px; --sayso-radius-l: {large}px; }}"
        );
    }
    css
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_theme_becomes_properties_and_nothing_else() {
        let theme = Theme { accent: Some("#0f766e".into()), radius: Some(4), font: None };
        let css = sheet(&theme);
        assert!(css.contains("--sayso-radius: 4px;") && css.contains("--sayso-on-accent: #fffdf8;"), "{css}");
        assert_eq!(sheet(&Theme::default()), "");
        let broken = Theme { accent: Some("#fff;}body{".into()), ..Theme::default() };
        assert_eq!(sheet(&broken), "", "what is no colour is left out");
    }
}
