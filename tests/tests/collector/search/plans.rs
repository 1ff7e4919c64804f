//! How both databases go about the statements of the busiest pages: by an index, and without sorting all cases.

use sayso::cases::conditions::Value;
use sayso::cases::lists::{GoesOn, page_sql};
use sayso::cases::search::said::feedback_sql;
use sayso::cases::search::{BY_CODE, BY_NUMBER, facts_sql};
use sayso::cases::tasks::{WithoutTeam, open_sql};
use sayso::cases::{Quarantine, Status};
use sayso::clock::Period;
use sayso::console::inbox::filter::Tab;
use sayso::console::inbox::rows::{counts_sql, plain_sql};
use sayso::console::today::counts::{MINE, attainment_sql};
use sayso::customers::find::{self as customers, Bound, Cursor, InTier, LookedAfter, Wanted};
use sayso::customers::handles::Countries;
use sayso::db::Db;
use sayso::db::search::{Order, between_sql, sets_sql};
use sayso::reports::facts;
use sayso::reports::select::{Cases, Select};
use sayso::reports::{Asked, Name};
use sayso_tests::{TestApp, on_both_databases};
use sqlx::AssertSqlSafe;

use super::{make_cases, reindex};

/// Tables that grow with the cases.
const LARGE: [&str; 12] = [
    "clocks",
    "tasks",
    "cases",
    "feedback",
    "events",
    "messages",
    "deliveries",
    "case_search_places",
    "case_search_ids",
    "customers",
    "customer_handles",
    "customer_names",
];

/// The steps of a statement, one a line.
async fn plan(db: &Db, statement: &str, values: &[&str]) -> String {
    match db {
        Db::Sqlite(pools) => {
            let query = sqlx::query_as(AssertSqlSafe(format!("explain query plan {statement}")));
            let query = values.iter().fold(query, |query, value| query.bind(*value));
            let rows: Vec<(i64, i64, i64, String)> = query.fetch_all(&pools.read).await.unwrap();
            rows.into_iter().map(|(.., step)| step).collect::<Vec<_>>().join("\n")
        }
        Db::Postgres(pool) => {
            // Its values stand in the text: what is prepared is not explained before it is executed.
            let mut text = statement.to_owned();
            for (number, value) in values.iter().enumerate().rev() {
                text = text.replace(&format!("${}", number + 1), &format!("'{value}'"));
            }
            let rows: Vec<String> =
                sqlx::query_scalar(AssertSqlSafe(format!("explain {text}"))).fetch_all(pool).await.unwrap();
            rows.join("\n")
        }
    }
}

/// Checks the statement of a page of customers.
async fn check_customers(db: &Db, what: &str, wanted: &Wanted, after: Option<&Cursor>) {
    let (sql, values) = wanted.statement(after, 51);
    let values = values.into_iter().map(|value| match value {
        Bound::Text(text) => text,
        Bound::Number(number) => number.to_string(),
    });
    let values: Vec<String> = values.collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    check(db, what, &plan(db, &sql, &values).await);
}

/// Fails where a large table is read as a whole, or more is sorted than some pages.
fn check(db: &Db, what: &str, plan: &str) {
    for step in plan.lines() {
        for table in LARGE {
            let scans = match db {
                Db::Sqlite(_) => {
                    step == format!("SCAN {table}") || step.starts_with(&format!("SCAN {table} USING INTEGER"))
                }
                Db::Postgres(_) => step.contains(&format!("Seq Scan on {table} ")),
            };
            assert!(!scans, "{what} reads all of {table}:\n{plan}");
        }
        if let (Db::Postgres(_), true) = (db, step.contains("Sort  (")) {
            let rows = step.split("rows=").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok());
            assert!(rows.is_some_and(|rows| rows < 1_500), "{what} sorts too much:\n{plan}");
        }
    }
}

async fn analyze(app: &TestApp) {
    sayso::with_write!(&app.app.db, pool => sqlx::query("analyze").execute(pool).await.map(|_| ())).unwrap();
}

on_both_databases! {
    async fn the_busiest_pages_read_by_an_index(app: TestApp) {
        let ids = make_cases(&app, 20_000, |number| format!("Parcel {number} is late")).await;
        reindex(&app).await;
        // A table without rows is read as a whole, and rightly.
        for fill in [
            "insert into deliveries (id, subject, subject_id, order_key, order_no, destination, channel, state, due_at, created_at) \
                select id, 'event', id, case_id, seq, 'customer', 'email', 'sent', 0, 0 from events",
            "insert into messages (id, case_id, author, body, created_at) select id, id, 'customer', 'When?', 0 from cases",
            "insert into customers (id, site_id, created_at, updated_at) select id, site_id, 0, 0 from cases",
            "insert into customer_handles (hash, site_id, customer_id, kind, value_cipher, created_at) select id, site_id, id, 'email', '', 0 from cases",
            "insert into customer_names (hash, customer_id) select id, id from cases",
            "update cases set customer_id = id",
            "insert into clocks (case_id, promise, started_at, span, due_at) select id, 'first_response', received_at, '1h', received_at from cases",
            "insert into tasks (id, case_id, title, team, created_at) select id, id, 'Call', 'delivery', 0 from cases",
        ] {
            sayso::with_write!(&app.app.db, pool => sqlx::query(fill).execute(pool).await.map(|_| ())).unwrap();
        }
        analyze(&app).await;
        let db = &app.app.db;
        let case = ids[10_000].as_str();
        let tabs = Tab::list().chain([Tab::Suspected(Quarantine::Held), Tab::Suspected(Quarantine::Discarded)]);
        for tab in tabs {
            let first = plan(db, &plain_sql(tab, ""), &[]).await;
            check(db, &format!("the tab {}", tab.word()), &first);
            let next = plan(db, &plain_sql(tab, " and id < $1"), &[case]).await;
            check(db, &format!("a later page of the tab {}", tab.word()), &next);
        }
        check(db, "the counts", &plan(db, &counts_sql(), &[]).await);
        for order in [Order::Newest, Order::Oldest] {
            for statuses in [&[][..], &[Status::Waiting], &[Status::New, Status::InProgress]] {
                let sql = page_sql(statuses, order, GoesOn::First, 51);
                check(db, "the API's list", &plan(db, &sql, &[]).await);
                let sql = page_sql(statuses, order, GoesOn::After, 51);
                check(db, "a later page of the API's list", &plan(db, &sql, &[case]).await);
            }
        }
        let pages = [
            ("the case", format!("{} where cases.id = $1", sayso::cases::case::SELECT)),
            ("its deliveries", sayso::console::case::deliveries::OF_CASE.to_owned()),
            ("its messages", sayso::cases::query::MESSAGES.to_owned()),
            ("its events", "select id from events where case_id = $1 order by seq".to_owned()),
        ];
        for (what, sql) in pages {
            let values = if sql.contains("$2") { vec![case, sayso::outbox::EVENT] } else { vec![case] };
            check(db, what, &plan(db, &sql, &values).await);
        }
        for typed in ["li@example.com", "13800138000", "Li Lei", ""] {
            let wanted = Wanted::read(&app.app.keys, typed, &Countries::default());
            let cursor = Cursor::parse(customers::Order::Newest, case);
            for after in [None, cursor.as_ref()] {
                check_customers(db, "looking customers up", &wanted, after).await;
            }
        }
        let worth = Cursor::parse(customers::Order::Value, &format!("12.5_{case}"));
        let met = Cursor::parse(customers::Order::Newest, case);
        let lists = [
            (Some(InTier::Key("gold".to_owned())), None),
            (None, Some(LookedAfter::By(case.to_owned()))),
            (None, Some(LookedAfter::ByNobody)),
            (Some(InTier::Any), Some(LookedAfter::ByNobody)),
            (None, None),
        ];
        for (tier, representative) in lists {
            for (order, after) in [(customers::Order::Newest, met.as_ref()), (customers::Order::Value, worth.as_ref())] {
                let mut wanted = Wanted::default();
                (wanted.tier, wanted.representative, wanted.order) = (tier.clone(), representative.clone(), order);
                for after in [None, after] {
                    let what = format!("customers with {tier:?} of {representative:?} by {order:?}");
                    check_customers(db, &what, &wanted, after).await;
                }
            }
        }
        let history = "select cases.id from cases join feedback on feedback.id = cases.id \
            where cases.quarantine = '' and cases.customer_id = $1 order by cases.id desc limit 21";
        check(db, "the cases of a customer", &plan(db, history, &[case]).await);
        let owners = "select hash, customer_id from customer_handles where site_id = $1 and hash in ($2, $3)";
        check(db, "whose contact it is", &plan(db, owners, &[case, case, case]).await);
        check(db, "what is indexed of cases", &plan(db, &facts_sql("$1, $2"), &[case, &ids[3]]).await);
        check(db, "what customers submitted", &plan(db, &feedback_sql("$1, $2"), &[case, &ids[3]]).await);
        check(db, "the case with a number", &plan(db, BY_NUMBER, &["7"]).await);
        check(db, "the case with a code", &plan(db, BY_CODE, &["x"]).await);
        check(db, "the figures of the start page", &plan(db, MINE, &[case, "1", "0", "2"]).await);
        check(db, "the promises of a week", &plan(db, &attainment_sql(2), &["0", "1", "1", "delivery", "billing"]).await);
        check(db, "the tasks of a member", &plan(db, &open_sql(1, WithoutTeam::Seen), &["20", case, "billing"]).await);
        check(db, "the alarms", &plan(db, sayso::alarms::OPEN, &["200"]).await);
        for select in sayso::cases::search::LOOSE {
            check(db, "what is loose", &plan(db, select, &["64"]).await);
        }
        check(db, "sets of tokens", &plan(db, &sets_sql(2, 2), &["1", "2", "late", "parcel"]).await);
        check(db, "a range of tokens", &plan(db, &between_sql(1), &["parc", "pard", "1"]).await);
    }
}

/// A report of one day among the twenty thousand cases.
fn asked(name: Name, from: i64) -> Asked {
    Asked {
        name,
        by: name.groupings()[0],
        period: Period { from: Some(from), to: Some(from + 60_000) },
        from: None,
        to: None,
        zone: sayso::calendars::Zone::default().zone().clone(),
        filter: Default::default(),
        survey: None,
        versions: None,
        version: 1,
        fewest: 5,
        crosshair: Default::default(),
        exposure: None,
        now: from + 60_000,
    }
}

on_both_databases! {
    async fn reports_read_what_lies_within_their_period(app: TestApp) {
        make_cases(&app, 20_000, |number| format!("Parcel {number} is late")).await;
        let now = app.app.clock.now();
        for fill in [
            "insert into clocks (case_id, promise, started_at, span, due_at) select id, 'first_response', received_at, '1h', received_at from cases",
            "insert into satisfactions (case_id, score, created_at) select id, 5, received_at from cases",
            "insert into messages (id, case_id, author, body, created_at) select id, id, 'staff', 'Tomorrow.', received_at from cases",
            "update cases set resolved_at = received_at, status = 'resolved'",
        ] {
            sayso::with_write!(&app.app.db, pool => sqlx::query(fill).execute(pool).await.map(|_| ())).unwrap();
        }
        analyze(&app).await;
        let overview = asked(Name::Overview, now + 10 * sayso::clock::DAY);
        let left = Select::new(&overview, Cases::Left).received(&overview, &app.app);
        let promises = Select::new(&overview, Cases::Worked).within(&overview, "clocks.started_at");
        let rated = Select::new(&overview, Cases::Answered).within(&overview, "satisfactions.created_at");
        for (what, select, from) in [
            ("the cases that do not count", left, "cases"),
            ("the promises", promises, "clocks join cases on cases.id = clocks.case_id"),
            ("the ratings", rated, "satisfactions join cases on cases.id = satisfactions.case_id"),
        ] {
            let mut text = select.statement("count(*)", from, "");
            for (number, value) in select.values().iter().enumerate().rev() {
                let value = match value {
                    Value::Text(text) => format!("'{text}'"),
                    Value::Number(number) => number.to_string(),
                };
                text = text.replace(&format!("${}", number + 1), &value);
            }
            check(&app.app.db, what, &plan(&app.app.db, &text, &[]).await);
        }
        let (low, high) = overview.ids(app.app.clock.ahead());
        let between = plan(&app.app.db, &facts::between_sql(), &[&low, &high.unwrap(), "4096"]).await;
        check(&app.app.db, "the facts of cases", &between);
    }
}
