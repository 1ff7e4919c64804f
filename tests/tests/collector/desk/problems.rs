//! Problems by the API: added and changed, and one answer to all of their cases.

use reqwest::Method;
use sayso::service::store;

use super::*;

const ADDRESS: &str = "/api/v1/problems";

async fn post(app: &TestApp, program: &Program<'_>, path: &str, body: &Value, key: &str) -> Answer {
    let request = app.client().request(Method::POST, &format!("{ADDRESS}{path}")).bearer_auth(program.token());
    app.client().send(request.header("idempotency-key", key).json(body)).await
}

fn key() -> String {
    uuid::Uuid::new_v4().to_string()
}

fn pointers(answer: &Answer) -> Vec<String> {
    let errors = answer.json()["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect()
}

/// What the customer of a case was told.
async fn told(app: &TestApp, code: &str) -> Vec<String> {
    let seen = app.client().get(&format!("/api/v1/feedback/{code}")).await.json();
    seen["messages"].as_array().unwrap().iter().map(|message| message["body"].as_str().unwrap().to_owned()).collect()
}

on_both_databases! {
    async fn a_problem_is_added_changed_and_listed(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let given = json!({"title": "Hose breaks", "cause": {"en": "Cold", "zh-Hans": "天冷"}, "owner": "mei@shop.example", "cost": 12.5, "public": true});
        let added = post(&app, &program, "", &given, &key()).await;
        assert_eq!(added.status, StatusCode::CREATED, "{}", added.body);
        let added = added.json();
        assert_eq!((&added["id"], &added["key"]), (&json!("P-8"), &json!("P-8")), "after P-7 of the service file");
        for (name, value) in [("cause", &given["cause"]), ("cost", &json!(12.5)), ("state", &json!("open")), ("solution", &Value::Null), ("cases", &json!(0))] {
            assert_eq!(&added[name], value, "{name}");
        }
        assert_eq!(added["owner"]["email"], "mei@shop.example");

        let patch = json!({"state": "known", "owner": null, "solution": {"en": "A new hose"}});
        let changed = program.patch_at(&format!("{ADDRESS}/P-8"), &patch).await;
        assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
        assert_eq!(changed.json(), program.get_at(&format!("{ADDRESS}/P-8")).await.json());
        assert_eq!((&changed.json()["owner"], &changed.json()["cause"]), (&Value::Null, &given["cause"]), "what is left out stays");
        let exported = store::load(&app.app.db).await.unwrap().write().unwrap();
        assert!(exported.contains("key = \"P-8\"") && exported.contains("A new hose"), "{exported}");

        let listed = |query: &'static str| program.get_at(query);
        let all = listed("/api/v1/problems").await.json();
        assert_eq!((all["problems"].as_array().unwrap().len(), &all["next"]), (2, &Value::Null));
        let first = listed("/api/v1/problems?limit=1").await.json();
        assert_eq!((&first["problems"][0]["key"], &first["next"]), (&json!("P-7"), &json!("1")));
        assert_eq!(listed("/api/v1/problems?limit=1&cursor=1").await.json()["problems"][0]["key"], "P-8");
        assert_eq!(listed("/api/v1/problems?state=known").await.json()["problems"][0]["key"], "P-8");
        for wrong in ["state=shut", "limit=0", "cursor=P-9", "q=x"] {
            assert_eq!(program.get_at(&format!("{ADDRESS}?{wrong}")).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
    }

    async fn what_is_wrong_with_a_problem_is_said_at_once(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let wrong = json!({"title": " ", "cause": "cold", "solution": {"en": ""}, "owner": "nobody@shop.example", "state": "shut", "public": "yes", "cost": -1, "colour": "red"});
        let refused = post(&app, &program, "", &wrong, &key()).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let mut named = pointers(&refused);
        named.sort();
        assert_eq!(named, ["/cause", "/colour", "/cost", "/owner", "/public", "/solution", "/state", "/title"]);
        let taken = post(&app, &program, "", &json!({"key": "P-7", "title": "x"}), &key()).await;
        assert_eq!(pointers(&taken), ["/key"]);
        assert_eq!(pointers(&post(&app, &program, "", &json!({}), &key()).await), ["/title"]);
        assert_eq!(pointers(&program.patch_at(&format!("{ADDRESS}/P-7"), &json!({"title": null})).await), ["/title"]);
        let unknown = format!("{ADDRESS}/P-9");
        assert_eq!(program.get_at(&unknown).await.status, StatusCode::NOT_FOUND);
        assert_eq!(program.patch_at(&unknown, &json!({"state": "known"})).await.status, StatusCode::NOT_FOUND);
        assert_eq!(post(&app, &program, "/P-9/resolve", &json!({}), &key()).await.status, StatusCode::NOT_FOUND);
    }

    async fn one_answer_resolves_all_cases_each_in_its_language(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let contact = json!({"name": "李雷", "email": "li@example.com"});
        let (english, one) = submit(&app, &program, json!({"kind": "question", "message": "Why does it leak?", "locale": "en"})).await;
        let (chinese, two) = submit(&app, &program, json!({"kind": "complaint", "message": "漏水了", "locale": "zh-CN", "contact": contact})).await;
        let (other, _) = submit(&app, &program, json!({"kind": "question", "message": "Another thing"})).await;
        for case in [&one, &two] {
            let patched = program.patch(case["id"].as_str().unwrap(), &json!({"problem": "P-7"}), None).await;
            assert_eq!(patched.status, StatusCode::OK, "{}", patched.body);
        }
        let counts = program.get_at(&format!("{ADDRESS}/P-7")).await.json();
        assert_eq!((&counts["cases"], &counts["open_cases"]), (&json!(2), &json!(2)));
        let nothing = post(&app, &program, "/P-7/resolve", &json!({"outcome": "won"}), &key()).await;
        assert_eq!(pointers(&nothing), ["/body", "/outcome"], "it has no solution to tell");

        let answer = json!({"body": {"en": "A new hose is on its way.", "zh-Hans": "{customer.name}，新水管已寄出。"}});
        let again = key();
        let resolved = post(&app, &program, "/P-7/resolve", &answer, &again).await;
        assert_eq!(resolved.status, StatusCode::OK, "{}", resolved.body);
        let results = resolved.json()["results"].as_array().unwrap().clone();
        let statuses: Vec<_> = results.iter().map(|result| (result["id"].clone(), result["status"].clone())).collect();
        assert_eq!(statuses, [(one["id"].clone(), json!(200)), (two["id"].clone(), json!(422))], "a complaint needs an outcome");
        assert!(results[0]["version"].as_i64() > one["version"].as_i64() && results[1]["problem"]["type"] == "/problems/invalid", "{results:?}");
        let mut whole = answer.clone();
        whole["outcome"] = json!("upheld");
        assert_eq!(post(&app, &program, "/P-7/resolve", &whole, &key()).await.json()["results"][0]["status"], 200);
        let repeated = post(&app, &program, "/P-7/resolve", &answer, &again).await.json();
        assert_eq!(repeated["results"].as_array().unwrap().iter().map(|result| &result["id"]).collect::<Vec<_>>(), [&one["id"]], "a repeat says what was done");
        assert_eq!(told(&app, &english).await, ["A new hose is on its way."]);
        assert_eq!(told(&app, &chinese).await, ["李雷，新水管已寄出。"]);
        assert!(told(&app, &other).await.is_empty());
        let case = program.get(&format!("/{}", two["id"].as_str().unwrap())).await.json();
        assert_eq!((&case["case"]["status"], &case["case"]["outcome"]), (&json!("resolved"), &json!("upheld")));
        let counts = program.get_at(&format!("{ADDRESS}/P-7")).await.json();
        assert_eq!((&counts["cases"], &counts["open_cases"]), (&json!(2), &json!(0)));
    }
}
