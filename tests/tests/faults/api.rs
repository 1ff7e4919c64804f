//! The public API by its own description: schemathesis makes requests of it, right and wrong ones, and holds the answers against it.

use std::fs;

use reqwest::StatusCode;
use sayso::auth::member::Name;
use sayso::auth::token::{Scope, Token};
use sayso::clock::Clock;
use sayso::keys::Keys;
use sayso::with_db;
use sayso_tests::process::lasting_port;
use sayso_tests::{Client, Database};
use serde_json::json;
use tokio::process::Command;

use crate::stage::Stage;

const HOOKS: &str = include_str!("schemathesis_hooks.py");

/// What the description can't say: which codes and cases there are; that a site has rules of its own (its categories, its secret for
/// identities, which uploads there are), by which it may refuse what is well-formed; that a file is judged by its content, and the parts beside
/// it by their size and by whether their names can be read; and what of a case goes with what; that texts are by language; what a service file says, and that whatever is no mail is kept and not refused. Nothing is
/// pruned, since what others ask for would be gone. For everything else, what is well-formed must be accepted.
const SETTINGS: &str = r#"
[parameters]
"path.key" = "acme"
"path.code" = "{code}"
"path.id" = "{id}"

[auth.openapi.token]
bearer = "{token}"

[[operations]]
include-path = "/api/v1/sites/{key}/feedback"
checks.positive_data_acceptance.expected-statuses = ["2xx", "422"]

[[operations]]
include-path-regex = "^/api/v1/feedback/.*/messages$"
checks.positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "422", "429"]

# A comment of nothing that is seen is one by the description, and refused.
[[operations]]
include-path-regex = "^/api/v1/feedback/.*/satisfaction$"
checks.positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "422", "429"]

[[operations]]
include-path = "/api/v1/sites/{key}/attachments"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "413", "422"]

[[operations]]
include-path = "/api/v1/sites/{key}/answers"
checks.positive_data_acceptance.expected-statuses = ["2xx", "404", "422", "429"]

[[operations]]
include-path = "/api/v1/sites/{key}/answers/{answer}/helped"
checks.positive_data_acceptance.expected-statuses = ["2xx", "404", "429"]

[[operations]]
include-path = "/api/v1/mail"
checks.positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "422", "429"]

[[operations]]
include-path-regex = "^/api/v1/(cases|calls|check-calls|events|tasks|audit|customers|exposure|my|targets|deliveries|mail/|hours|suggestions)"
checks.positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "412", "422", "429"]

[[operations]]
include-path-regex = "^/api/v1/reports"
checks.positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "422"]

# A text with a NUL character is one by the description, and refused.
[[operations]]
include-path-regex = "^/api/v1/(sites/[^/]+/(surveys/[^/]+|sightings)|surveys/[^/]+/answers)$"
checks.positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "422", "429"]

# What is made there is a round, and what is changed is one of its calls.
[[operations]]
include-path-regex = "^/api/v1/check-calls/[^/]+$"
checks.positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "412", "422", "429"]
checks.ensure_resource_availability.enabled = false

# Parameters that are left empty count as absent there, for clients that fill in a form of all of them.
[[operations]]
include-name-regex = "^GET /api/v1/(reports|cases|check-calls|events|audit|customers|exposure|problems|service|surveys|targets|deliveries|mail|hours|suggestions)"
checks.negative_data_rejection.expected-statuses = ["200", "400", "401", "403", "404", "405", "422"]

[[operations]]
include-path-regex = "^/api/v1/problems"
parameters = { "path.id" = "P-1" }
checks.positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "422"]

[[operations]]
include-path = "/api/v1/service"
parameters = { "query.prune" = "false" }
checks.positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "422"]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_description_of_the_api_is_true() {
    let program = std::env::var("SAYSO_TEST_SCHEMATHESIS")
        .expect("SAYSO_TEST_SCHEMATHESIS is not set; `cargo xtask test faults` installs schemathesis and sets it");
    let stage = Stage::new(Database::Sqlite).await;
    let server = stage.serve(lasting_port()).await;
    let answer = Client::new(&server.url).submit(json!({"kind": "complaint", "message": "晚了三天"})).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    let db = stage.open().await;
    let keys = Keys::load(&db, stage.data.path()).await.unwrap();
    let name = Name::parse("schemathesis").unwrap();
    let token =
        Token::add(&db, &keys, &name, Scope::ALL, &sayso::audit::Stamp::command(Clock::default().now())).await.unwrap();
    let select = "select id from cases";
    let id: String = with_db!(&db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap();

    // The one that is asked for, by the key that the first one gets.
    let client = Client::new(&server.url);
    let request = client.request(reqwest::Method::POST, "/api/v1/problems").bearer_auth(token.reveal());
    let problem = client.send(request.json(&json!({"title": "Worn springs"}))).await;
    assert_eq!(problem.json()["id"], "P-1", "{}", problem.body);

    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("hooks.py"), HOOKS).unwrap();
    let settings = SETTINGS.replace("{code}", answer.json()["code"].as_str().unwrap());
    let settings = settings.replace("{id}", &id).replace("{token}", token.reveal());
    fs::write(folder.path().join("schemathesis.toml"), settings).unwrap();
    let examples = sayso_tests::Round::of_this_run().pick(40, 400).to_string();
    let output = Command::new(program)
        .args(["run", &format!("{}/api/openapi.json", server.url)])
        // All checks are on unless the settings say otherwise: named here, they would be on against the settings.
        .args(["--seed", "1", "--max-examples", &examples, "--generation-database", "none"])
        .args(["--continue-on-failure", "--warnings", "off", "--no-color"])
        // Which would fail on a machine that is busy with something else.
        .args(["--suppress-health-check", "too_slow"])
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONPATH", folder.path())
        .current_dir(folder.path())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("Fuzzing") && said.contains("Coverage"), "{said}");
    server.stop().await;
}
