//! What the staff type to search: fields, exclusions, phrases, and what can't be searched for.

use super::*;

on_both_databases! {
    async fn fields_say_what_a_case_is(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let mut cases = Vec::new();
        for (day, feedback) in [
            json!({"kind": "complaint", "message": "It came late, and the box was not closed"}),
            json!({"kind": "question", "message": "When does my refund come?"}),
            json!({"kind": "praise", "message": "Not late at all: closed box, not a scratch"}),
            json!({"kind": "complaint", "message": "Where is https://shop.example/orders/1042?"}),
        ]
        .into_iter()
        .enumerate()
        {
            if day > 0 {
                app.app.clock.advance(DAY);
            }
            let (code, new) = submit(&app, &program, feedback).await;
            cases.push((new["id"].as_str().unwrap().to_owned(), code));
        }
        for (case, patch) in [
            (0, json!({"tags": ["late", "very late"]})),
            (1, json!({"category": "invoice", "problem": "P-7"})),
            (2, json!({"owner": "bo@shop.example"})),
            (3, json!({"tags": ["late"], "priority": "urgent"})),
        ] {
            assert_eq!(program.patch(&cases[case].0, &patch, None).await.status, StatusCode::OK);
        }
        let task = json!({"title": "Call the carrier", "team": "delivery"});
        assert_eq!(program.post(&format!("/{}/tasks", cases[1].0), &task).await.status, StatusCode::CREATED);
        let found = async |query: &str| -> Vec<usize> {
            let (typed, parameters) = query.split_once('&').unwrap_or((query, ""));
            let typed: String = url::form_urlencoded::byte_serialize(typed.as_bytes()).collect();
            let page = program.get(&format!("?q={typed}&{parameters}")).await;
            assert_eq!(page.status, StatusCode::OK, "{query}: {}", page.body);
            let place = |case: &Value| cases.iter().position(|(id, _)| case["id"] == id.as_str()).unwrap();
            page.json()["cases"].as_array().unwrap().iter().map(place).collect()
        };
        let code = &cases[2].1;
        let asked: Vec<(String, Vec<usize>)> = [
            ("kind:complaint", vec![3, 0]),
            ("kind:complaint kind:PRAISE", vec![3, 2, 0]),
            ("-kind:complaint", vec![2, 1]),
            ("kind：complaint", vec![3, 0]),
            ("tag:late", vec![3, 0]),
            ("tag:late tag:\"very late\"", vec![0]),
            ("-tag:“very late” tag:late", vec![3]),
            ("priority:urgent", vec![3]),
            ("team:delivery", vec![0]),
            ("team:none", vec![3, 2, 1]),
            ("owner:bo@shop.example", vec![2]),
            ("owner:none", vec![3, 1]),
            ("topic:invoice", vec![1]),
            ("category:invoice", vec![1]),
            ("channel:widget -kind:praise", vec![3, 1, 0]),
            ("channel:phone", vec![]),
            ("tier:gold", vec![]),
            ("site:acme", vec![3, 2, 1, 0]),
            ("-site:acme", vec![]),
            ("is:open status:closed", vec![3, 2, 1, 0]),
            ("-is:open", vec![]),
            ("has:task", vec![1]),
            ("has:problem has:task", vec![1]),
            ("-has:problem kind:question", vec![]),
            ("has:attachment", vec![]),
            ("number:2", vec![1]),
            ("number:#2 number:3 number:99", vec![2, 1]),
            ("number:2 kind:complaint", vec![]),
            ("number:2 refund", vec![1]),
            ("number:2 -refund", vec![]),
            ("#3", vec![2]),
            ("kind:praise #3", vec![2]),
            ("kind:question #3", vec![]),
            // Monday in Shanghai, where the day is eight hours further.
            ("before:2026-12-01", vec![0]),
            ("on:2026-12-01", vec![1]),
            ("after:2026-12-01 before:2026-12-03", vec![2, 1]),
            ("after:2026年12月2日", vec![3, 2]),
            ("before:2026-12-01 after:2026-12-02", vec![]),
            ("late", vec![2, 0]),
            ("late -not", vec![]),
            ("late -“not closed”", vec![2]),
            ("\"not late\"", vec![2]),
            ("box \"not closed\" kind:complaint", vec![0]),
            ("-late -kind:question", vec![3]),
            ("https://shop.example/orders/1042", vec![3]),
            ("late kind:complaint&kind=praise", vec![]),
            ("-tag:late&kind=complaint", vec![]),
            ("kind:complaint&sort=due", vec![0, 3]),
            ("-kind:praise&team=none&sort=oldest", vec![1, 3]),
            ("number:2&has=task", vec![1]),
            ("kind:complaint&sort=oldest", vec![0, 3]),
            ("&has=task", vec![1]),
        ]
        .into_iter()
        .map(|(query, places)| (query.to_owned(), places))
        .chain([
            (code.clone(), vec![2]),
            (format!("code:{code}"), vec![2]),
            (format!("code:{} kind:praise", code.to_lowercase().replace('-', "")), vec![2]),
            (format!("code:{code} number:2"), vec![]),
            (format!("kind:question {code}"), vec![]),
        ])
        .collect();
        for (query, places) in &asked {
            assert_eq!(&found(query).await, places, "{query}, not indexed yet");
        }
        run_due(&app.app).await.unwrap();
        for (query, places) in &asked {
            assert_eq!(&found(query).await, places, "{query}");
        }
        // Page by page it is the same list.
        let first = program.get("?q=-kind:praise&limit=2").await.json();
        assert_eq!((&first["cases"][0]["id"], &first["cases"][1]["id"]), (&json!(cases[3].0), &json!(cases[1].0)));
        let next = program.get(&format!("?q=-kind:praise&limit=2&cursor={}", first["next"].as_str().unwrap())).await.json();
        assert_eq!((&next["cases"][0]["id"], &next["next"]), (&json!(cases[0].0), &Value::Null));
    }

    async fn what_can_t_be_searched_for_is_said(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        for (typed, part) in [
            ("kind:bug", "kind must be complaint, suggestion, question or praise"),
            ("late status:lost", "status must be a status, or open"),
            ("team:nobody", "team must be the key of a team, or none"),
            ("site:nowhere", "site must be the key of a site"),
            ("owner:nobody@shop.example", "owner must be the address of a member"),
            ("owner:me", "owner must be the address of a member"),
            ("before:yesterday", "before must be a date, such as 2026-10-01"),
            ("code:7QK4", "code must be a tracking code"),
            ("-number:7", "number can't be excluded"),
            (&"a ".repeat(33), "at most 32 words, phrases and fields"),
            (&"货".repeat(201), "at most 200 characters"),
        ] {
            let typed: String = url::form_urlencoded::byte_serialize(typed.as_bytes()).collect();
            let answer = program.get(&format!("?q={typed}")).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
            assert_eq!(answer.field_errors()[0].0, "/q", "{typed}");
            assert!(answer.body.contains(part), "{typed}: {}", answer.body);
        }
    }

    async fn a_day_begins_by_the_clock_of_the_site(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let east = "[[site]]\nkey = 'east'\nname = 'East'\norigins = ['https://east.example']\ntime_zone = 'Pacific/Kiritimati'\n";
        app.apply_service(east).await;
        go_to(&app, "2026-11-30T11:00:00Z");
        submit(&app, &program, json!({"kind": "question", "message": "Which day is it?"})).await;
        let count = async |query: &str| program.get(query).await.json()["cases"].as_array().unwrap().len();
        assert_eq!(count("?q=on:2026-11-30&site=acme").await, 1);
        assert_eq!(count("?q=before:2026-12-01%20-site:east").await, 1);
        // The day of the other site has begun fourteen hours before.
        assert_eq!(count("?q=on:2026-12-01%20site:east%20site:acme").await, 1);
        assert_eq!(count("?q=on:2026-11-30%20site:east%20site:acme").await, 0);
    }
}
