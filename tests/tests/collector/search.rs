//! Search: what is found, by which words, and that the state of the index changes no answer.

mod plans;
mod scripts;

use std::time::Duration;

use reqwest::StatusCode;
use sayso::cases::search::upkeep::keep_compact;
use sayso::cases::search::{self, Facet, Search, SearchText};
use sayso::clock::DAY;
use sayso::db::search::{Order, Request, Term, Text, coverage};
use sayso::jobs::run_due;
use sayso::keys::new_id_at;
use sayso::{with_db, with_tx, with_write};
use sayso_tests::{TestApp, on_both_databases};
use serde_json::json;

use super::access::Program;
use super::outbox::cases::{ask, customer_writes, deliveries, member, submit};

/// The cases that the staff's API finds.
async fn found(program: &Program<'_>, query: &str) -> Vec<String> {
    let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let answer = program.get(&format!("?q={query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.body);
    answer.json()["cases"].as_array().unwrap().iter().map(|case| case["id"].as_str().unwrap().to_owned()).collect()
}

/// Makes cases as if they had been there for long, without an entry in the index; gives their identifiers, oldest first.
pub async fn make_cases(app: &TestApp, count: usize, message: impl Fn(usize) -> String) -> Vec<String> {
    let site = app.site().await;
    let statuses = ["new", "acknowledged", "in_progress", "waiting", "resolved", "closed", "closed", "closed"];
    let kinds = ["complaint", "question", "praise"];
    let mut ids = Vec::with_capacity(count);
    let mut tx = app.app.db.begin().await.unwrap();
    for number in 0..count {
        let at = app.app.clock.now() - DAY + i64::try_from(number).unwrap();
        let id = new_id_at(at);
        let feedback = "insert into feedback (id, site_id, kind, message, keep_unmasked, received_at) values ($1, $2, $3, $4, false, $5)";
        let case = "insert into cases (id, site_id, code_hash, code_cipher, kind, status, priority, received_at, updated_at) \
            values ($1, $2, $1, '', $3, $4, 'normal', $5, $5)";
        let event = "insert into events (id, case_id, seq, type, actor, data, created_at, position) \
            values ($1, $1, 1, 'case.created', 'customer', '{}', $2, $3)";
        let (kind, status) = (kinds[number % kinds.len()], statuses[number % statuses.len()]);
        with_tx!(&mut tx, conn => sqlx::query(feedback).bind(&id).bind(site.id()).bind(kind).bind(message(number)).bind(at)
            .execute(conn).await.map(|_| ())).unwrap();
        with_tx!(&mut tx, conn => sqlx::query(case).bind(&id).bind(site.id()).bind(kind).bind(status).bind(at)
            .execute(conn).await.map(|_| ()))
        .unwrap();
        with_tx!(&mut tx, conn => sqlx::query(event).bind(&id).bind(at).bind(-1 - i64::try_from(number).unwrap()).execute(conn).await.map(|_| ())).unwrap();
        ids.push(id);
    }
    tx.commit().await.unwrap();
    ids
}

/// All pages of a search.
async fn all_pages(app: &TestApp, search: &Search) -> Vec<String> {
    let mut search = search.clone();
    let mut ids = Vec::new();
    loop {
        let found = search::search(&app.app.db, &search).await.unwrap();
        ids.extend(found.ids);
        search.after = found.next;
        if search.after.is_none() {
            return ids;
        }
    }
}

/// Enters all cases into the index, and brings it into its final form.
pub async fn reindex(app: &TestApp) {
    let mut before = String::new();
    while let Some(next) = search::reindex_batch(&app.app.db, &before).await.unwrap() {
        before = next;
        keep_compact(&app.app).await.unwrap();
    }
}

on_both_databases! {
    async fn words_are_found_in_every_script(app: TestApp) {
        let program = Program::new(&app).await;
        let texts = [
            ("यह हिन्दी में है, बहुत देर हुई", vec!["हिन्दी", "देर"]),
            ("الصندوق مُحَطَّم", vec!["مُحَطَّم", "محطم"]),
            ("שָׁלוֹם לכם", vec!["שָׁלוֹם", "שלום"]),
            ("สวัสดีครับสินค้าเสียหายระหว่างการขนส่งและยังไม่ได้รับการติดต่อกลับเลย", vec!["สวัสดี", "สินค้า"]),
            ("ສະບາຍດີຂ້ອຍບໍ່ໄດ້ຮັບເຄື່ອງ", vec!["ສະບາຍດີ"]),
            ("ជំរាបសួរខ្ញុំមិនបានទទួល", vec!["ជំរាបសួរ"]),
            ("မင်္ဂလာပါပစ္စည်းပျက်", vec!["မင်္ဂလာပါ"]),
            ("বাংলা লেখা", vec!["বাংলা"]),
            ("Herr Müller im café in İstanbul", vec!["muller", "cafe", "MÜLLER", "mu\u{308}ller", "istanbul", "café"]),
            ("质量问题，没有发票，快递慢，书坏了", vec!["質量", "發票", "快遞", "書", "质量", "书"]),
            ("沒有發票，質量差", vec!["发票", "质量", "發票"]),
            ("Late delivery, torn packaging, zwei Rechnungen", vec!["deliv", "packag", "Rechnung", "deliv*", "del"]),
            ("step ①② needs ⅛ inch, note ⁰⁴⁵", vec!["①②", "⅛", "⁰⁴⁵", "12"]),
            ("so angry 😡😡 today", vec!["😡"]),
            ("EAN 4006381003094, my screen damaged my table", vec!["4006381003094", "screen damaged"]),
        ];
        for (text, queries) in texts {
            let case = submit(&app, json!({"kind": "question", "message": text})).await;
            for query in &queries {
                assert_eq!(found(&program, query).await, [case.id.as_str()], "{query}, not indexed yet");
            }
            run_due(&app.app).await.unwrap();
            for query in &queries {
                assert_eq!(found(&program, query).await, [case.id.as_str()], "{query}");
            }
            let delete = "update cases set quarantine = 'held' where id = $1";
            with_write!(&app.app.db, pool => sqlx::query(delete).bind(&case.id).execute(pool).await.map(|_| ())).unwrap();
            search::refresh(&app.app.db, &[case.id]).await.unwrap();
        }
        assert!(found(&program, "!?").await.is_empty(), "no word finds nothing");
    }

    async fn a_phrase_is_found_as_it_was_said(app: TestApp) {
        let program = Program::new(&app).await;
        let one = submit(&app, json!({"kind": "question", "message": "It was not delivered on Monday."})).await;
        let other = submit(&app, json!({"kind": "question", "message": "On Monday it was delivered, but not whole."})).await;
        run_due(&app.app).await.unwrap();
        assert_eq!(found(&program, "monday not delivered").await, [other.id.as_str(), one.id.as_str()]);
        assert_eq!(found(&program, "\"not delivered\"").await, [one.id.as_str()]);
        assert_eq!(found(&program, "\"not delivered\" whole").await, [] as [&str; 0]);
    }

    async fn a_code_comes_before_the_words(app: TestApp) {
        let program = Program::new(&app).await;
        let case = submit(&app, json!({"kind": "question", "message": "Where is it?"})).await;
        let code = case.code(&app.app.keys).unwrap();
        let naming = submit(&app, json!({"kind": "question", "message": format!("My code is {code}.")})).await;
        run_due(&app.app).await.unwrap();
        assert_eq!(found(&program, &code).await, [case.id.as_str(), naming.id.as_str()]);
    }

    async fn a_conversation_of_any_length_stops_nobody(app: TestApp) {
        let program = Program::new(&app).await;
        let ideographs: Vec<char> = ('\u{4E00}'..='\u{9FA5}').chain('\u{20000}'..='\u{2A6D6}').collect();
        let text = |number: usize| -> String {
            ideographs.iter().cycle().skip(number * 6_000).step_by(number + 1).take(10_000).collect()
        };
        let case = submit(&app, json!({"kind": "complaint", "message": "开头 beginning"})).await;
        for number in 0..9 {
            customer_writes(&app, &case, &text(number)).await;
        }
        customer_writes(&app, &case, "末尾 ending").await;
        app.app.clock.advance(1_000);
        let later = submit(&app, json!({"kind": "question", "message": "And mine?", "contact": {"email": "li@example.com"}})).await;
        run_due(&app.app).await.unwrap();
        let waiting: i64 = with_db!(&app.app.db, pool => sqlx::query_scalar("select (select count(*) from events where position is null) + (select count(*) from jobs where kind <> 'clock')").fetch_one(pool).await).unwrap();
        assert_eq!(waiting, 0, "every event was dispatched, and every job done");
        assert_eq!(deliveries(&app).await.len(), 1, "whoever wrote later is told");
        for query in ["beginning", "开头", "ending", "末尾"] {
            assert_eq!(found(&program, query).await, [case.id.as_str()], "{query}");
        }
        assert_eq!(found(&program, "mine").await, [later.id.as_str()]);
        let coverage = coverage(&app.app.db).await.unwrap();
        assert_eq!((coverage.indexed, coverage.cut, coverage.cases), (2, 1, 2), "and it says that it could not hold all of it");
    }

    async fn what_changed_is_found_as_it_is_now(app: TestApp) {
        let case = ask(&app).await;
        let search = |status: &str| Search {
            groups: vec![(Facet::Status(status).token(), true)],
            ..Search::newest(SearchText::of_words("sundays"), 10)
        };
        let statuses = async |expected: &str| {
            for status in ["new", "resolved"] {
                let ids = search::search(&app.app.db, &search(status)).await.unwrap().ids;
                assert_eq!(ids.len(), usize::from(status == expected), "{status} when it is {expected}");
            }
        };
        statuses("new").await;
        run_due(&app.app).await.unwrap();
        statuses("new").await;
        let member = member(&app, "Lee").await;
        let actor = sayso::cases::Actor::Member(member);
        sayso::cases::staff::resolve(&app.app, &case.id, &actor, Default::default()).await.unwrap();
        statuses("resolved").await;
        run_due(&app.app).await.unwrap();
        statuses("resolved").await;
    }

    async fn the_form_of_the_index_changes_no_answer(app: TestApp) {
        // Every case has its number, one in three is late, one in a hundred is torn.
        let message = |number: usize| {
            let late = if number.is_multiple_of(3) { " late" } else { "" };
            let torn = if number.is_multiple_of(100) { " torn" } else { "" };
            format!("Parcel no{number}{late}{torn}")
        };
        let ids = make_cases(&app, 2_100, message).await;
        reindex(&app).await;
        let expected = |of: &dyn Fn(usize) -> bool| -> Vec<&str> {
            (0..ids.len()).rev().filter(|number| of(*number)).map(|number| ids[number].as_str()).collect()
        };
        let newest = |query: &str| Search::newest(SearchText::of_words(query), 50);
        let check = async |torn: &dyn Fn(usize) -> bool| {
            assert_eq!(all_pages(&app, &newest("late")).await, expected(&|number| number % 3 == 0));
            assert_eq!(all_pages(&app, &newest("torn late")).await, expected(&|number| number % 3 == 0 && torn(number)));
            assert_eq!(all_pages(&app, &newest("no1234")).await, [ids[1234].as_str()]);
            assert_eq!(all_pages(&app, &newest("no123*")).await, expected(&|number| number == 123 || number / 10 == 123));
            assert!(all_pages(&app, &newest("nowhere")).await.is_empty());
            let oldest = Search { order: Order::Oldest, ..newest("torn") };
            let mut forwards = expected(torn);
            forwards.reverse();
            assert_eq!(all_pages(&app, &oldest).await, forwards);
            // As long as it takes: how far the counts come in the time of a page depends on the machine.
            let terms = [Term::token("parcel"), Facet::Kind("question").term()];
            let groups = ["closed", "waiting"].map(|status| Facet::Status(status).token());
            let request = Request {
                terms: &terms, unwanted: &[], groups: &groups, shown: &[false, true], order: Order::Newest, after: None, limit: 50, count_to: 1_000,
                budget: Duration::MAX, loose: &[],
            };
            let found = sayso::db::search::find(&app.app.db, &request).await.unwrap();
            let count = |of: &dyn Fn(usize) -> bool| expected(&|number| number % 3 == 1 && of(number % 8)).len();
            assert_eq!(found.counts, [count(&|rest| rest > 4), count(&|rest| rest == 3)]);
            let ids: Vec<String> = found.ids.iter().map(ToString::to_string).collect();
            assert_eq!(ids, expected(&|number| number % 3 == 1 && number % 8 == 3)[..50]);
        };
        check(&|number| number % 100 == 0).await;
        // Some change, and are in a segment no longer.
        let update = "update feedback set message = message || ' torn' where id = $1";
        for number in [7, 300, 1_500, 2_099] {
            with_write!(&app.app.db, pool => sqlx::query(update).bind(&ids[number]).execute(pool).await.map(|_| ())).unwrap();
            search::refresh(&app.app.db, &[ids[number].clone()]).await.unwrap();
        }
        let torn = |number: usize| number.is_multiple_of(100) || [7, 300, 1_500, 2_099].contains(&number);
        check(&torn).await;
        // All of them change once more, so that most of what is in segments is gone, and they are made anew.
        search::refresh(&app.app.db, &ids[..1_500]).await.unwrap();
        keep_compact(&app.app).await.unwrap();
        check(&torn).await;
        let segments: i64 = with_db!(&app.app.db, pool => sqlx::query_scalar("select count(*) from case_search_segments where state <> 1").fetch_one(pool).await).unwrap();
        assert_eq!(segments, 0, "what is not searched any more is removed");
    }

    async fn a_search_that_takes_long_goes_on_where_it_stopped(app: TestApp) {
        let ids = make_cases(&app, 1_200, |number| format!("Parcel {}", if number == 3 { "torn" } else { "late" })).await;
        for chunk in ids.chunks(300) {
            search::refresh(&app.app.db, chunk).await.unwrap();
            keep_compact(&app.app).await.unwrap();
        }
        let text = Text::of_words("torn");
        let (mut after, mut steps) = (None, 0);
        let groups = [Facet::Visible.token()];
        let found = loop {
            let request = Request {
                terms: text.terms(), unwanted: &[], groups: &groups, shown: &[true], order: Order::Newest, after, limit: 10, count_to: 0,
                budget: Duration::ZERO, loose: &[],
            };
            let found = sayso::db::search::find(&app.app.db, &request).await.unwrap();
            steps += 1;
            if found.further.is_none() {
                break found;
            }
            after = found.further;
        };
        assert!(steps > 1, "it stopped on the way");
        assert_eq!(found.ids.iter().map(ToString::to_string).collect::<Vec<_>>(), [ids[3].as_str()]);
    }

    async fn a_case_is_found_by_its_number_and_what_mentions_it_after_it(app: TestApp) {
        let program = Program::new(&app).await;
        let first = ask(&app).await;
        let second = submit(&app, json!({"kind": "question", "message": "As in case 1, please"})).await;
        run_due(&app.app).await.unwrap();
        let case = program.get(&format!("/{}", first.id)).await.json();
        assert_eq!((&case["case"]["number"], &case["case"]["version"]), (&json!(1), &json!(1)), "{case}");
        for query in ["#1", "1", " #1 "] {
            assert_eq!(found(&program, query).await, [first.id.as_str(), &second.id], "{query}");
        }
        assert_eq!(found(&program, "#2").await, [second.id.as_str()]);
        assert!(found(&program, "#3").await.is_empty());
    }

    async fn programs_hear_of_what_changed(app: TestApp) {
        let ids = make_cases(&app, 30, |number| format!("Parcel {number}")).await;
        reindex(&app).await;
        app.app.clock.advance(DAY);
        let now = app.app.clock.now();
        let update = "update cases set updated_at = $1 where id = $2";
        with_write!(&app.app.db, pool => sqlx::query(update).bind(now).bind(&ids[4]).execute(pool).await.map(|_| ())).unwrap();
        search::refresh(&app.app.db, &[ids[4].clone()]).await.unwrap();
        for (since, expected) in [(now, 1), (now - 60_000, 1), (now + 1, 0), (now - 3 * DAY, 30)] {
            let search = Search { updated_since: Some(since), ..Search::newest(SearchText::default(), 100) };
            let found = search::search(&app.app.db, &search).await.unwrap();
            assert_eq!(found.ids.len(), expected, "{since}");
        }
    }
}
