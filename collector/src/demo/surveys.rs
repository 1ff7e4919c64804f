//! The demo company's surveys, with answers as such a company would get them: late deliveries hurt most, and products are well made.

use sha2::{Digest, Sha256};

use crate::app::App;
use crate::clock::{DAY, HOUR};
use crate::service::store;
use crate::service::survey::{Survey, SurveyKind};
use crate::surveys::{questionnaires, questions, submit};

/// The questionnaires that were sent, as they are shipped.
const KINDS: [SurveyKind; 4] =
    [SurveyKind::Nps, SurveyKind::Kano, SurveyKind::ImportanceSatisfaction, SurveyKind::Servqual];
/// Who answered each.
const RESPONDENTS: u64 = 64;

/// The tables of the service file that make these surveys. Whether somebody recommends the company is asked after a resolved case, too.
pub(super) fn tables() -> anyhow::Result<String> {
    const TITLE: &str = "[survey.title]";
    let table = |kind: &SurveyKind| {
        let text = questionnaires::text(kind.as_str(), "acme")?;
        Ok(match kind {
            SurveyKind::Nps => text.replacen(TITLE, &format!("channels = [\"link\", \"widget\"]\n\n{TITLE}"), 1),
            _ => text,
        })
    };
    KINDS.iter().map(table).collect()
}

/// Answers all of them, over the last four weeks.
pub(super) async fn answer(app: &App) -> anyhow::Result<()> {
    for survey in store::all::<Survey>(&app.db).await? {
        for number in 0..RESPONDENTS {
            let typed = |name: &str| {
                let (field, item) = name.split_once(':').unwrap_or((name, ""));
                let digest = Sha256::digest(format!("{} {item} {number}", survey.key));
                let draw = digest.iter().take(8).fold(0, |draw, byte| draw << 8 | u64::from(*byte));
                value(survey.kind, field, item, draw)
            };
            let given = questions::read(&survey, typed);
            let given = given.map_err(|wrong| anyhow::anyhow!("the demo answers {} wrongly: {wrong:?}", survey.key))?;
            let age = i64::try_from(number)? * 10 * HOUR + DAY;
            submit(&app.db, &survey, &format!("demo:{number}"), &given, app.clock.now() - age).await?;
        }
    }
    Ok(())
}

/// What somebody answers; `draw` is a number that nobody can foresee, and the same for both questions about an item.
fn value(kind: SurveyKind, field: &str, item: &str, draw: u64) -> String {
    let word = |word: &str| word.to_owned();
    match kind {
        SurveyKind::Kano => word(kano(field, feeling(item, draw % 100))),
        SurveyKind::ImportanceSatisfaction if field == "satisfaction" && draw.is_multiple_of(17) => word("unknown"),
        SurveyKind::ImportanceSatisfaction => scale(1, 5, wanted_and_got(item, field), draw),
        SurveyKind::Servqual => scale(1, 7, expected_and_perceived(item, field), draw),
        SurveyKind::Nps => scale(0, 10, 7.6, draw),
        _ => scale(1, 5, 4.0, draw),
    }
}

/// What an offer is to somebody, by its letter (Kano 1984).
fn feeling(item: &str, percent: u64) -> char {
    // How many of a hundred find it a must, good in proportion, or attractive; the others do not care.
    let [must, linear, attractive] = match item {
        "tracking" => [52, 24, 10],
        "slot" => [12, 55, 20],
        "chat" => [8, 20, 50],
        "returns" => [20, 30, 35],
        _ => [2, 6, 18],
    };
    match percent {
        percent if percent < must => 'M',
        percent if percent < must + linear => 'O',
        percent if percent < must + linear + attractive => 'A',
        97.. => 'R',
        _ => 'I',
    }
}

fn kano(field: &str, feeling: char) -> &'static str {
    match (feeling, field) {
        ('M', "functional") => "must_be",
        ('O' | 'A', "functional") | ('R', "dysfunctional") => "like",
        ('M' | 'O', _) | ('R', "functional") => "dislike",
        _ => "neutral",
    }
}

fn wanted_and_got(item: &str, field: &str) -> f64 {
    let [importance, satisfaction] = match item {
        "quality" => [4.6, 4.4],
        "price" => [4.0, 3.7],
        "delivery" => [4.7, 2.9],
        "answers" => [4.2, 3.6],
        "complaints" => [4.4, 3.1],
        _ => [3.2, 4.2],
    };
    if field == "importance" { importance } else { satisfaction }
}

fn expected_and_perceived(item: &str, field: &str) -> f64 {
    let [expected, perceived] = match item {
        "promised" => [6.7, 4.6],
        "first-time" | "told" => [6.4, 4.9],
        "soon" => [6.3, 5.2],
        "know" | "polite" => [6.2, 6.1],
        "rooms" | "letters" => [5.2, 5.9],
        _ => [6.1, 5.6],
    };
    if field == "expectation" { expected } else { perceived }
}

/// A whole number of a scale that is about `mean` on average, from two throws of the draw.
fn scale(least: i64, most: i64, mean: f64, draw: u64) -> String {
    let throw = |bits: u64| (bits % 1_000) as f64 / 1_000.0 - 0.5;
    let spread = (most - least) as f64 / 2.5;
    let number = mean + spread * (throw(draw >> 8) + throw(draw >> 32));
    (number.round() as i64).clamp(least, most).to_string()
}
