//! Customers: found or made for each case, looked up, and changed by the API.

use sayso::audit::Stamp;
use sayso::auth::Member;
use sayso::auth::member::Email;
use sayso::auth::token::Scope;
use sayso::cases::Case;
use sayso::cases::customer::add_address;
use sayso::clocks::Terms;
use sayso::customers::backfill::{BATCH, batch};
use sayso::customers::jobs::ensure;
use sayso::http::body::fresh_key;
use sayso::upgrades::{self, Moment, Tools, Upgrade};
use sayso::with_write;

use super::*;
use crate::access::count;
use crate::access::identity::{secret, sign};

/// Rules by tier, and for the representative.
const RULES: &str = r#"
[[tier]]
site = "acme"
key = "gold"
name = { en = "Gold", zh-Hans = "黄金客户" }

[[promise]]
site = "acme"
tier = "gold"
calendar = "office"
first_response = "1h"

[[rule]]
name = "To whom they know"
then = { owner = "representative" }

[[rule]]
name = "The best first"
when = { tier = ["gold"] }
then = { tags = ["gold"] }
"#;

async fn set_up_customers(app: &TestApp) {
    set_up(app).await;
    app.apply_service(RULES).await;
    app.set_site(&["country=CN"]).await;
    app.app.clock.advance(MINUTE);
}

/// A new case with a contact, as programs read it once its jobs are done.
async fn from(app: &TestApp, program: &Program<'_>, contact: Value) -> Value {
    submit(app, program, json!({"kind": "question", "message": "Where is it?", "contact": contact})).await.1
}

/// A new case of somebody whom the site vouches for.
async fn vouched(app: &TestApp, program: &Program<'_>, secret: &str, claims: Value, contact: Value) -> Value {
    let mut all = json!({"exp": app.app.clock.now() / 1_000 + 600});
    all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    let feedback =
        json!({"kind": "question", "message": "Where is it?", "identity": sign(&all, secret), "contact": contact});
    submit(app, program, feedback).await.1
}

/// The identifiers of the customers that are found.
async fn found(program: &Program<'_>, typed: &str) -> Vec<String> {
    let query = url::form_urlencoded::byte_serialize(typed.as_bytes()).collect::<String>();
    let answer = program.get_at(&format!("/api/v1/customers?q={query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    ids(&answer.json()["customers"])
}

fn ids(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

fn customer(case: &Value) -> &str {
    case["customer"]["id"].as_str().unwrap_or_default()
}

on_both_databases! {
    async fn one_customer_however_a_contact_is_written(app: TestApp) {
        set_up_customers(&app).await;
        let program = Program::new(&app).await;
        let first = from(&app, &program, json!({"name": "李雷", "phone": "13800138000"})).await;
        let id = customer(&first).to_owned();
        assert_eq!(first["customer"], json!({"id": id, "tier": null, "representative": null}));
        let second = from(&app, &program, json!({"name": "Li Lei", "phone": "+86 138 0013 8000", "email": "Li@example.com"})).await;
        let third = from(&app, &program, json!({"email": "li@example.com"})).await;
        assert_eq!([customer(&second), customer(&third)], [&id, &id]);
        let other = from(&app, &program, json!({"name": "李雷", "email": "lei@example.com"})).await;
        assert!(!customer(&other).is_empty() && customer(&other) != id, "a name makes nobody the same");
        let nobody = from(&app, &program, json!({"name": "李雷"})).await;
        assert_eq!(nobody["customer"], Value::Null);

        let of_customer = program.get(&format!("?customer={id}")).await.json();
        assert_eq!(ids(&of_customer["cases"]), [&third, &second, &first].map(|case| case["id"].as_str().unwrap()));
        let said = program.get(&format!("?customer={id}&q=where&sort=updated")).await.json();
        assert_eq!(said["cases"].as_array().unwrap().len(), 3, "with words and another order");
        let copied = [("<li@example.com>", 2), ("Li <li@example.com>", 2), ("mailto:li@example.com", 2), ("\"li@example.com\"", 2), ("(li@example.com).", 2)];
        let numbers = [("138-0013-8000", 2), ("+8613800138000", 2), ("\"+86 138 0013 8000\"", 2), ("86 138 0013 8000", 2), ("13800138001", 0)];
        for (typed, cases) in [("LI@example.com", 2), ("i@example.com", 0)].into_iter().chain(copied).chain(numbers) {
            let query = url::form_urlencoded::byte_serialize(typed.as_bytes()).collect::<String>();
            let cases_found = program.get(&format!("?q={query}")).await.json();
            assert_eq!(cases_found["cases"].as_array().unwrap().len(), cases, "{typed}");
        }
        for typed in ["138 0013 8000", "0086 138 0013 8000", "86 138 0013 8000", "\"+86 138 0013 8000\"", "li@EXAMPLE.com", "Li <li@example.com>", "mailto:li@example.com", "li@example.com,"] {
            assert_eq!(found(&program, typed).await, [id.as_str()], "{typed}");
        }
        assert_eq!(found(&program, "李雷").await, [customer(&other), &id], "by name, those met last first");
        assert_eq!(found(&program, "Lei Li").await, [""; 0], "the first name stays");
        let read = program.get_at(&format!("/api/v1/customers/{id}")).await.json();
        assert_eq!((&read["name"], &read["emails"], &read["phones"]), (&json!("李雷"), &json!(["li@example.com"]), &json!(["+8613800138000"])));
        assert_eq!((&read["site"], &read["cases"], &read["version"]), (&json!("acme"), &json!(3), &json!(1)));
        let page = program.get_at("/api/v1/customers?limit=1").await.json();
        let next = page["next"].as_str().unwrap();
        assert_eq!(ids(&program.get_at(&format!("/api/v1/customers?limit=1&cursor={next}")).await.json()["customers"]), [id.as_str()]);
        for wrong in ["q2=x", "limit=101", "cursor=1", "site=x", &format!("q={}", "x".repeat(301))] {
            assert_eq!(program.get_at(&format!("/api/v1/customers?{wrong}")).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
        let select = "select name_cipher || value_cipher || contact_hashes from customers join customer_handles on customer_handles.customer_id = customers.id \
            join cases on cases.customer_id = customers.id where name_cipher is not null";
        let stored: Vec<String> = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_all(pool).await).unwrap();
        assert!(!stored.is_empty() && stored.iter().all(|text| !text.contains("李") && !text.contains("13800138000") && !text.contains('@')));
    }

    async fn whom_the_site_vouches_for_comes_first(app: TestApp) {
        set_up_customers(&app).await;
        let program = Program::new(&app).await;
        let (_, secret) = secret(&app).await;
        let shared = json!({"email": "family@example.com"});
        let anonymous = from(&app, &program, shared.clone()).await;
        let one = vouched(&app, &program, &secret, json!({"sub": "u-1", "tier": "gold", "name": "Han Mei"}), shared.clone()).await;
        assert_eq!(customer(&one), customer(&anonymous), "who had no identity gets one");
        let two = vouched(&app, &program, &secret, json!({"sub": "u-2"}), shared.clone()).await;
        assert_ne!(customer(&two), customer(&one), "two identities are two customers");
        let again = vouched(&app, &program, &secret, json!({"sub": "u-2"}), json!({"email": "two@example.com"})).await;
        assert_eq!(customer(&again), customer(&two));
        assert_eq!(customer(&from(&app, &program, shared).await), customer(&one), "an address is one customer's");
        assert_eq!(found(&program, "u-2").await, [customer(&two)]);
        let read = program.get_at(&format!("/api/v1/customers/{}", customer(&one))).await.json();
        assert_eq!((&read["identity"], &read["tier"], &read["name"]), (&json!("u-1"), &json!("gold"), &json!("Han Mei")));
        let cases = program.get("?q=family@example.com").await.json();
        assert_eq!(cases["cases"].as_array().unwrap().len(), 4, "a case is found by its own address, whoever is its customer");
    }

    async fn tier_and_representative_decide_where_a_case_goes(app: TestApp) {
        set_up_customers(&app).await;
        let program = Program::new(&app).await;
        let contact = json!({"email": "wang@example.com"});
        let first = from(&app, &program, contact.clone()).await;
        assert_eq!((&first["owner"], clocks(&first)[0].2.clone()), (&Value::Null, Some(minute(&local(0, 13, 1)))), "nobody looks after them yet");
        let address = format!("/api/v1/customers/{}", customer(&first));
        for wrong in [json!({"tier": "platinum"}), json!({"representative": "nobody@shop.example"}), json!({"name": "a\nb"}), json!({"x": 1})] {
            assert_eq!(program.patch_at(&address, &wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
        let patched = program.patch_at(&address, &json!({"name": "Wang Fang", "tier": "gold", "representative": "mei@shop.example", "notes": "Calls before nine."})).await;
        assert_eq!(patched.status, StatusCode::OK, "{}", patched.body);
        let patched = patched.json();
        assert_eq!((&patched["tier"], &patched["representative"], &patched["version"]), (&json!("gold"), &json!("mei@shop.example"), &json!(2)));
        assert_eq!((&patched["name"], &patched["notes"]), (&json!("Wang Fang"), &json!("Calls before nine.")));
        assert_eq!(found(&program, "fang").await, [customer(&first)]);

        let full = case(&program, &first["id"]).await;
        assert_eq!(clocks(&full["case"])[0].2, Some(minute(&local(0, 10, 1))), "an open case has the promise of its tier from its receipt on");
        let [event] = events(&full, "case.category").try_into().unwrap();
        assert_eq!((&event["from"], &event["to"]), (&json!({"tier": null}), &json!({"tier": "gold"})));
        assert!(event["due"].is_string());

        let second = from(&app, &program, contact.clone()).await;
        assert_eq!((&second["owner"]["email"], &second["tags"]), (&json!("mei@shop.example"), &json!(["gold"])));
        assert_eq!(second["customer"], json!({"id": customer(&first), "tier": "gold", "representative": "mei@shop.example"}));
        assert_eq!(ids(&program.get("?tier=gold").await.json()["cases"]).len(), 2);
        let mei = Member::by_email(&app.app.db, &Email::parse("mei@shop.example").unwrap()).await.unwrap().unwrap();
        let now = app.app.clock.now();
        mei.set_away(&app.app.db, Some(now + DAY), &Stamp::command(now)).await.unwrap();
        let third = from(&app, &program, contact.clone()).await;
        assert_eq!(third["owner"], Value::Null, "who is away gets nothing new");

        let cleared = program.patch_at(&address, &json!({"name": null, "tier": null, "representative": null, "notes": null})).await.json();
        assert_eq!([&cleared["name"], &cleared["tier"], &cleared["representative"], &cleared["notes"]], [&Value::Null; 4]);
        from(&app, &program, json!({"name": "Somebody", "email": "wang@example.com"})).await;
        assert_eq!(program.get_at(&address).await.json()["name"], Value::Null, "what the staff took away stays away");
    }

    async fn cases_are_found_by_the_tier_that_their_customer_has_now(app: TestApp) {
        set_up_customers(&app).await;
        let program = Program::new(&app).await;
        let contact = json!({"email": "wang@example.com"});
        let [old, open] = [from(&app, &program, contact.clone()).await, from(&app, &program, contact).await];
        let path = format!("/{}/messages", old["id"].as_str().unwrap());
        let resolved = program.post(&path, &json!({"kind": "reply", "body": "Mended", "then": "resolve"})).await;
        assert_eq!(resolved.status, StatusCode::CREATED, "{}", resolved.body);
        run_due(&app.app).await.unwrap();
        let address = format!("/api/v1/customers/{}", customer(&open));
        for (tier, found) in [(json!("gold"), 2), (json!(null), 0), (json!("gold"), 2)] {
            assert_eq!(program.patch_at(&address, &json!({"tier": tier})).await.status, StatusCode::OK);
            run_due(&app.app).await.unwrap();
            for query in ["?tier=gold", "?tier=gold&sort=updated", "?tier=gold&sort=due", "?q=tier:gold"] {
                let cases = program.get(query).await.json()["cases"].clone();
                assert_eq!(cases.as_array().unwrap().len(), found, "{query} {tier}: {cases}");
                for case in cases.as_array().unwrap() {
                    assert_eq!(case["customer"]["tier"], tier, "what is found says what was asked for");
                }
            }
        }
        assert_eq!(program.get("?tier=gold&status=resolved").await.json()["cases"][0]["id"], old["id"]);
        let kept = case(&program, &old["id"]).await;
        assert_eq!(events(&kept, "case.category").len(), 0, "what a closed case was promised stays");
    }

    async fn a_company_says_who_its_customers_are(app: TestApp) {
        set_up_customers(&app).await;
        let program = Program::new(&app).await;
        let import = async |rows: &str, more: &[&str]| {
            let file = app.write_file("customers.csv", rows);
            app.command(&[&["customer", "import", &file], more].concat()).await
        };
        let first = from(&app, &program, json!({"phone": "138 0013 8000"})).await;
        assert_eq!(clocks(&first)[0].2, Some(minute(&local(0, 13, 1))), "the promise of everybody");
        let rows = "identity,email,phone,name,tier,value,representative\n\
            ,,+8613800138000,李雷,gold,12000,mei@shop.example\n\
            u-7,Han@example.com,,韩梅梅,,8.5,\n";
        let (done, said) = import(rows, &["--dry-run"]).await;
        assert!(done && said.contains("Would be new: 1. Changed: 1. Unchanged: 0. Refused: 0."), "{said}");
        assert_eq!(found(&program, "han@example.com").await, [""; 0]);
        let (done, said) = import(rows, &["--site", "acme"]).await;
        assert!(done && said.contains("New: 1. Changed: 1. Unchanged: 0. Refused: 0."), "{said}");
        let (_, again) = import(rows, &[]).await;
        assert!(again.contains("New: 0. Changed: 0. Unchanged: 2. Refused: 0."), "{again}");
        app.app.service.forget();

        let li = program.get_at(&format!("/api/v1/customers/{}", customer(&first))).await.json();
        assert_eq!((&li["name"], &li["tier"], &li["value"]), (&json!("李雷"), &json!("gold"), &json!(12000.0)));
        assert_eq!((&li["representative"], &li["version"]), (&json!("mei@shop.example"), &json!(2)));
        let full = case(&program, &first["id"]).await;
        assert_eq!(clocks(&full["case"])[0].2, Some(minute(&local(0, 10, 1))), "an open case has the promise of its tier");
        let [event] = events(&full, "case.category").try_into().unwrap();
        assert_eq!((&event["from"], &event["to"]), (&json!({"tier": null}), &json!({"tier": "gold"})));
        let [han] = found(&program, "han@example.com").await.try_into().unwrap();
        assert_eq!(customer(&from(&app, &program, json!({"email": "han@example.com"})).await), han, "known before they ever wrote");
        let next = from(&app, &program, json!({"phone": "13800138000"})).await;
        assert_eq!((&next["owner"]["email"], &next["customer"]["tier"]), (&json!("mei@shop.example"), &json!("gold")));

        let address = format!("/api/v1/customers/{}", customer(&first));
        assert_eq!(program.patch_at(&address, &json!({"value": 3})).await.status, StatusCode::OK);
        let (_, said) = import("phone,value\n13800138000,90\n", &[]).await;
        assert!(said.contains("Changed: 1."), "{said}");
        assert_eq!(program.get_at(&address).await.json()["value"], json!(3.0), "what the staff set stays above the list");
    }

    async fn what_a_list_of_customers_gets_wrong_is_named_by_its_line(app: TestApp) {
        set_up_customers(&app).await;
        let rows = "email,phone,tier,value,representative,name\n\
            nobody,,,,,\n,12,,,,\n,,gold,,,\na@example.com,,platinum,,,\na@example.com,,,-1,,\na@example.com,,,,ghost@shop.example,\n\
            b@example.com,,gold,1,,Li\n";
        let file = app.write_file("customers.csv", rows);
        let (done, said) = app.command(&["customer", "import", &file]).await;
        assert!(!done && said.contains("New: 1. Changed: 0. Unchanged: 0. Refused: 6."), "{said}");
        for (line, wrong) in [(2, "email"), (3, "phone"), (4, "says nothing by which"), (5, "tier"), (6, "value"), (7, "representative")] {
            assert!(said.contains(&format!("line {line}: {wrong}")), "{said}");
        }
        assert!(!said.contains("nobody") && !said.contains("ghost"), "what may be personal is not repeated: {said}");
        for (wrong, why) in [("email,colour\n", "there is no column \"colour\""), ("", "the file is empty")] {
            let (done, said) = app.command(&["customer", "import", &app.write_file("wrong.csv", wrong)]).await;
            assert!(!done && said.contains(why), "{said}");
        }
    }

    async fn a_customer_is_changed_once_and_by_nobody_unseen(app: TestApp) {
        set_up_customers(&app).await;
        let program = Program::new(&app).await;
        let first = from(&app, &program, json!({"email": "wang@example.com"})).await;
        let address = format!("/api/v1/customers/{}", customer(&first));
        let writer = Program::with(&app, "writer", &[Scope::CustomersWrite]).await;
        let answer = writer.patch_at(&address, &json!({"notes": "Private."})).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert!(!answer.body.contains("wang@") && !answer.body.contains("Private"), "it may not read: {}", answer.body);
        assert_eq!(writer.get_at(&address).await.status, StatusCode::FORBIDDEN);
        let reader = Program::with(&app, "reader", &[Scope::CustomersRead, Scope::CasesWrite]).await;
        assert_eq!(reader.patch_at(&address, &json!({"notes": "x"})).await.status, StatusCode::FORBIDDEN);
        let (client, key) = (app.client(), fresh_key());
        let send = async |version: &str, body: Value| {
            let request = client.request(reqwest::Method::PATCH, &address).bearer_auth(program.token());
            client.send(request.header("if-match", version).header("idempotency-key", key.as_str()).json(&body)).await
        };
        let stale = send("\"1\"", json!({"tier": "gold"})).await;
        assert_eq!((stale.status, stale.body.contains("writer: notes")), (StatusCode::PRECONDITION_FAILED, true), "{}", stale.body);
        assert_eq!(send("\"2\"", json!({"tier": "gold"})).await.json()["version"], 3);
        assert_eq!(send("\"2\"", json!({"tier": "gold"})).await.json()["version"], 3, "a repeat changes nothing");
        assert_eq!(send("\"3\"", json!({"tier": null})).await.problem(), "idempotency_key_reused");
        assert_eq!(program.get_at("/api/v1/customers/018f3a1e-0000-7000-8000-000000000001").await.status, StatusCode::NOT_FOUND);
        let log = program.get_at("/api/v1/audit?action=customer.set").await.json();
        let entries = log["audit"].as_array().unwrap();
        assert_eq!(entries.len(), 2);
        assert_eq!((&entries[0]["after"], &entries[1]["after"]["tier"]), (&json!({"version": 2, "fields": ["notes"]}), &json!("gold")));
        assert!(!log.to_string().contains("Private"), "nothing that anybody wrote");
    }

    async fn many_cases_of_one_customer_at_once_make_one(app: TestApp) {
        app.set_site(&["country=CN"]).await;
        let mut codes = Vec::new();
        for number in 0..24 {
            // Each shares something with the next one: an address, a number, or both.
            let contact = match number % 3 {
                0 => json!({"email": "li@example.com"}),
                1 => json!({"phone": "13800138000"}),
                _ => json!({"email": "li@example.com", "phone": "+86 138 0013 8000"}),
            };
            let answer = app.client().submit(json!({"kind": "question", "message": "x", "contact": contact})).await;
            codes.push(answer.json()["code"].as_str().unwrap().to_owned());
        }
        // The first of them says both.
        let mut ids = Vec::new();
        for code in &codes {
            ids.push(Case::by_code(&app.app, code).await.unwrap().id);
        }
        let terms = Terms::current(&app.app).await.unwrap();
        ensure(&app.app, &terms, &ids[2..3]).await.unwrap();
        let at_once = ids.iter().map(|id| async {
            // What the jobs do too when two get in each other's way.
            while let Err(error) = ensure(&app.app, &terms, std::slice::from_ref(id)).await {
                assert!(error.downcast_ref::<sqlx::Error>().is_some_and(sayso::db::is_deadlock), "{error:#}");
            }
        });
        let jobs = futures_util::future::join_all((0..3).map(|_| run_due(&app.app)));
        let (_, done) = futures_util::future::join(futures_util::future::join_all(at_once), jobs).await;
        assert!(done.iter().all(Result::is_ok), "{done:?}");
        run_due(&app.app).await.unwrap();
        assert_eq!((count(&app, "customers").await, count(&app, "customer_handles").await), (1, 2));
        let select = "select count(distinct customer_id) from cases where customer_id is not null";
        let distinct: i64 = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap();
        assert_eq!((distinct, count(&app, "cases where customer_id is not null").await), (1, 24));
    }

    async fn strangers_at_once_with_the_same_new_contact_are_one(app: TestApp) {
        let mut ids = Vec::new();
        for _ in 0..16 {
            let answer = app.client().submit(json!({"kind": "question", "message": "x", "contact": {"email": "new@example.com"}})).await;
            ids.push(Case::by_code(&app.app, answer.json()["code"].as_str().unwrap()).await.unwrap().id);
        }
        let terms = Terms::current(&app.app).await.unwrap();
        let at_once = ids.iter().map(|id| ensure(&app.app, &terms, std::slice::from_ref(id)));
        for done in futures_util::future::join_all(at_once).await {
            done.unwrap();
        }
        assert_eq!((count(&app, "customers").await, count(&app, "cases where customer_id is not null").await), (1, 16));
    }

    async fn cases_from_before_get_their_customers_also_after_a_crash(app: TestApp) {
        set_up_customers(&app).await;
        let program = Program::new(&app).await;
        let email = |number: i64| format!("customer-{}@example.com", number % 7);
        let mut last = String::new();
        let cases = BATCH + 6;
        for number in 0..cases {
            let answer = app.client().submit(json!({"kind": "question", "message": "x", "contact": {"email": email(number)}})).await;
            last = answer.json()["code"].as_str().unwrap().to_owned();
        }
        run_due(&app.app).await.unwrap();
        for undo in [
            "update cases set customer_id = null, contact_hashes = ''",
            "delete from customer_handles",
            "delete from customers",
            "delete from upgrades where name = 'customers'",
        ] {
            with_write!(&app.app.db, pool => sqlx::query(undo).execute(pool).await.map(|_| ())).unwrap();
        }
        sayso::cases::search::refresh(&app.app.db, &[Case::by_code(&app.app, &last).await.unwrap().id]).await.unwrap();
        let tools = Tools { db: &app.app.db, keys: &app.app.keys, clock: &app.app.clock };
        let first = upgrades::complete(tools, Moment::WhileServing, |upgrade| async move {
            assert_ne!(upgrade, Upgrade::Customers, "it crashes after its first batch");
        });
        let crashed = futures_util::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(first)).await;
        assert!(crashed.is_err());
        assert_eq!(count(&app, "cases where customer_id is not null").await, BATCH);
        upgrades::complete(tools, Moment::WhileServing, |_| async {}).await.unwrap();
        assert_eq!((count(&app, "customers").await, count(&app, "cases where customer_id is not null").await), (7, cases));
        assert!(batch(tools.db, tools.keys, tools.clock.now(), "").await.unwrap().is_some(), "done twice it makes nobody new");
        assert_eq!(count(&app, "customers").await, 7);
        let found = program.get(&format!("?q={}", email(cases - 1))).await.json();
        assert_eq!(found["cases"].as_array().unwrap().len() as i64, cases / 7 + 1, "and they are found by their address");
    }

    async fn names_without_spaces_are_found_by_any_part_of_them_also_those_from_before(app: TestApp) {
        set_up_customers(&app).await;
        let program = Program::new(&app).await;
        let named = async |name: &str, email: &str| from(&app, &program, json!({"name": name, "email": email})).await;
        let zhang = named("张三丰", "zhang@example.com").await;
        let yamada = named("山田 太郎", "yamada@example.com").await;
        let kim = named("김철수", "kim@example.com").await;
        let check = async || {
            for (typed, case) in [("三丰", &zhang), ("张", &zhang), ("張三", &zhang), ("山田太郎", &yamada), ("太郎", &yamada), ("철수", &kim), ("김 철수", &kim)] {
                assert_eq!(found(&program, typed).await, [customer(case)], "{typed}");
            }
            assert_eq!(found(&program, "丰三").await, [""; 0]);
        };
        check().await;
        for undo in ["delete from customer_names", "delete from upgrades where name = 'customer-names'"] {
            with_write!(&app.app.db, pool => sqlx::query(undo).execute(pool).await.map(|_| ())).unwrap();
        }
        assert_eq!(found(&program, "三丰").await, [""; 0]);
        let tools = Tools { db: &app.app.db, keys: &app.app.keys, clock: &app.app.clock };
        upgrades::complete(tools, Moment::WhileServing, |_| async {}).await.unwrap();
        check().await;
    }

    async fn an_address_that_comes_later_is_found_too(app: TestApp) {
        set_up_customers(&app).await;
        let program = Program::new(&app).await;
        let first = from(&app, &program, json!({"phone": "13800138000"})).await;
        let later = Case::by_id(&app.app, first["id"].as_str().unwrap()).await.unwrap();
        add_address(&app.app, &later, "li@example.com", &fresh_key()).await.unwrap();
        run_due(&app.app).await.unwrap();
        assert_eq!(found(&program, "li@example.com").await, [customer(&first)]);
        assert_eq!(ids(&program.get("?q=li@example.com").await.json()["cases"]), [first["id"].as_str().unwrap()]);
        let anonymous = submit(&app, &program, json!({"kind": "question", "message": "x"})).await.1;
        let later = Case::by_id(&app.app, anonymous["id"].as_str().unwrap()).await.unwrap();
        add_address(&app.app, &later, "li@example.com", &fresh_key()).await.unwrap();
        run_due(&app.app).await.unwrap();
        assert_eq!(customer(&case(&program, &anonymous["id"]).await["case"]), customer(&first));
    }

    async fn what_is_held_for_spam_makes_nobody_a_customer(app: TestApp) {
        let program = Program::new(&app).await;
        let fields = [("kind", "complaint"), ("message", "x"), ("email", "li@example.com")];
        let answer = app.client().post_form("/s/acme", &fields).await;
        let code = answer.location().trim_start_matches("/t/").split('?').next().unwrap().to_owned();
        run_due(&app.app).await.unwrap();
        assert_eq!(count(&app, "customers").await, 0);
        let held = Case::by_code(&app.app, &code).await.unwrap();
        let by = sayso::cases::Actor::System;
        sayso::cases::moderation::release(&app.app, &held.id, &by, &fresh_key()).await.unwrap();
        run_due(&app.app).await.unwrap();
        assert_eq!(found(&program, "li@example.com").await.len(), 1);
    }

    async fn a_number_without_its_country_is_the_same_once_the_site_says_it(app: TestApp) {
        let program = Program::new(&app).await;
        let first = from(&app, &program, json!({"phone": "138 0013 8000"})).await;
        assert_eq!(ids(&program.get("?q=13800138000").await.json()["cases"]).len(), 1, "it is found as it was typed");
        app.set_site(&["country=CN"]).await;
        app.app.clock.advance(MINUTE);
        let second = from(&app, &program, json!({"phone": "13800138000"})).await;
        let third = from(&app, &program, json!({"phone": "+86 138 0013 8000"})).await;
        assert_eq!([customer(&second), customer(&third)], [customer(&first); 2]);
    }
}
