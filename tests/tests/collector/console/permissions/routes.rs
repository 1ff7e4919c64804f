//! Every route that there is, with every role and every scope. The routes are those of the router itself and of the description of the API, so a new one
//! changes what is held here, and somebody has to look at who may use it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use reqwest::Method;
use sayso::auth::Role;
use sayso::auth::token::Scope;
use sayso::jobs::run_due;
use sayso_tests::{Database, Options, TestApp, on_both_databases};
use serde_json::json;

use super::super::{Desk, complaint};
use crate::access::Program;

const ROLES: [Role; 5] = [Role::Admin, Role::Manager, Role::Agent, Role::Viewer, Role::Partner];
/// What forms of the console send, so that more than their absence is looked at. None of it is right for everything.
const FIELDS: [(&str, &str); 21] = [
    ("kind", "complaint"),
    ("priority", "high"),
    ("seen", "x"),
    ("body", ""),
    ("status", "x"),
    ("share", "no"),
    ("decision", "x"),
    ("title", ""),
    ("text", ""),
    ("number", "0"),
    ("field", "x"),
    ("value", "x"),
    ("reason", ""),
    ("template", "x"),
    ("then", "x"),
    ("filter", ""),
    ("done", "no"),
    ("action", "x"),
    ("owner", "nobody"),
    ("name", ""),
    ("version", "0"),
];

/// The paths of the router. It says them only to whoever prints it.
fn paths(app: &TestApp) -> BTreeSet<String> {
    let printed = format!("{:?}", sayso::routes::router(&app.app));
    let after = printed.split("RouteId(").filter_map(|rest| rest.split_once("): \""));
    after.filter_map(|(_, rest)| rest.split('"').next()).map(str::to_owned).collect()
}

/// A collector that answers as often as it is asked.
async fn unlimited(database: Database) -> TestApp {
    let settings = Box::new(|config: &mut sayso::Config| config.dangerous_disable_guards = true);
    TestApp::spawn_with(database, Options { settings, ..Options::default() }).await
}

/// What an answer says about whoever asked.
fn word(status: u16, location: &str) -> String {
    match status {
        303 if location.starts_with("/staff/sign-in?") => "sign-in".to_owned(),
        status => status.to_string(),
    }
}

async fn asked(client: &sayso_tests::Client, method: &Method, path: &str, csrf: &str) -> String {
    let request = client.request(method.clone(), path);
    let fields: Vec<(&str, &str)> = FIELDS.iter().copied().chain([("csrf", csrf)]).collect();
    let request = if *method == Method::POST { request.form(&fields) } else { request };
    // Some answers never end.
    let answer = request.send().await.unwrap();
    let location = answer.headers().get("location").and_then(|value| value.to_str().ok()).unwrap_or_default();
    word(answer.status().as_u16(), location)
}

on_both_databases! {
    async fn every_route_of_the_staff_lets_in_whom_it_is_for(database: Database) {
        let app = unlimited(database).await;
        let mut desks = Vec::new();
        for role in ROLES {
            desks.push(Desk::of(&app, role.as_str(), role).await);
        }
        let members = ROLES.map(|role| format!("'{}@acme.example'", role.as_str())).join(", ");
        let service = format!("[[team]]\nkey = 'own'\nname = 'Own'\nmembers = [{members}]\n[[team]]\nkey = 'others'\nname = 'Others'\n");
        app.apply_service(&service).await;
        app.app.clock.advance(1_000);
        let program = Program::new(&app).await;
        let mut cases = Vec::new();
        for team in ["own", "others"] {
            let id = complaint(&app, "Late").await;
            program.patch(&id, &json!({"team": team}), None).await;
            cases.push((team, id));
        }
        run_due(&app.app).await.unwrap();
        let customer: String = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar("select id from customers").fetch_one(pool).await).unwrap();
        let known = paths(&app);
        let staff: Vec<&String> = known.iter().filter(|path| path.starts_with("/staff") || path.starts_with("/setup")).collect();
        assert!(staff.len() > 80 && known.contains("/api/v1/cases/{id}"), "the router says its paths: {known:?}");
        let mut table = String::new();
        for path in staff {
            // It ends the session with which the next one is asked for.
            if path == "/staff/sign-out" {
                continue;
            }
            let of_case = path.starts_with("/staff/cases/{id}") || path.starts_with("/staff/alarms/{");
            let objects: &[(&str, String)] = if of_case { &cases } else { &cases[..1] };
            for (team, id) in objects {
                let address = match path.starts_with("/staff/customers/{id}") {
                    true => path.replacen("{id}", &customer, 1),
                    false => path.replacen("{id}", id, 1),
                };
                let query = match path.as_str() {
                    "/staff/settings/object" => "?kind=team",
                    "/staff/settings/order" => "?key=none",
                    "/staff/settings/logo" => "?kind=site&key=acme",
                    path if path.starts_with("/staff/settings/mails") => "?site=acme",
                    _ => "",
                };
                let address: String = address.split('/').map(|part| if part.starts_with('{') { "none" } else { part }).collect::<Vec<_>>().join("/") + query;
                for method in [Method::GET, Method::POST] {
                    let mut words = vec![asked(&app.client(), &method, &address, "").await];
                    for desk in &desks {
                        words.push(asked(&desk.client, &method, &address, &desk.csrf).await);
                    }
                    assert!(words.iter().all(|word| !word.starts_with('5')), "{method} {path}: {words:?}");
                    if words.iter().all(|word| word == "405") {
                        continue;
                    }
                    let whose = if of_case { format!(" ({team})") } else { String::new() };
                    writeln!(table, "{method} {path}{whose}: {}", words.join(" ")).unwrap();
                }
            }
        }
        insta::assert_snapshot!("staff_routes", format!("nobody {}\n\n{table}", ROLES.map(Role::as_str).join(" ")));
    }

    async fn every_operation_of_the_api_asks_for_its_scope(database: Database) {
        let app = unlimited(database).await;
        let description = app.client().get("/api/openapi.json").await.json();
        let id = complaint(&app, "Late").await;
        run_due(&app.app).await.unwrap();
        let mut tokens = Vec::new();
        for scope in Scope::ALL {
            tokens.push((scope.as_str(), Program::with(&app, scope.as_str(), &[*scope]).await));
        }
        let described: BTreeSet<&str> = description["paths"].as_object().unwrap().keys().map(String::as_str).collect();
        let undescribed: Vec<String> = paths(&app)
            .into_iter()
            .filter(|path| path.starts_with("/api/v1/") && !described.contains(path.as_str()) && !path.contains("{*"))
            .collect();
        let mut table = format!("not described: {undescribed:?}\n\n");
        for (path, operations) in description["paths"].as_object().unwrap() {
            for method in operations.as_object().unwrap().keys().filter(|word| ["get", "post", "patch", "put", "delete"].contains(&word.as_str())) {
                let method: Method = method.to_uppercase().parse().unwrap();
                let address = path.replacen("{id}", &id, 1).split('/').map(|part| if part.starts_with('{') { "none" } else { part }).collect::<Vec<_>>().join("/");
                let ask = async |bearer: Option<&str>| {
                    let client = app.client();
                    let mut request = client.request(method.clone(), &address);
                    if let Some(bearer) = bearer {
                        request = request.bearer_auth(bearer);
                    }
                    if method != Method::GET {
                        request = request.header("idempotency-key", uuid::Uuid::new_v4().to_string()).json(&json!({}));
                    }
                    request.send().await.unwrap().status().as_u16()
                };
                if ask(None).await != 401 {
                    writeln!(table, "{method} {path}: anybody").unwrap();
                    continue;
                }
                let mut scopes = Vec::new();
                for (scope, program) in &tokens {
                    let status = ask(Some(program.token())).await;
                    assert!(status < 500, "{method} {path} with {scope}: {status}");
                    if status != 403 {
                        scopes.push(*scope);
                    }
                }
                writeln!(table, "{method} {path}: {}", scopes.join(", ")).unwrap();
            }
        }
        insta::assert_snapshot!("api_operations", table);
    }
}
