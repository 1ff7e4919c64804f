//! What staff and customers do, for tests that look at what is forwarded of it.

use sayso::cases::staff::{self, Body, FollowUp, Resolution};
use sayso::cases::{Case, Channel, Outcome, customer};
use sayso::keys::new_id;
use sayso::{outbox, with_db, with_write};
use sayso_shared::Kind;
use sayso_shared::id::IdempotencyKey;
use sayso_shared::reply::{Reply, Satisfaction};
use sayso_tests::TestApp;
use serde_json::{Value, json};

/// A delivery as the console shows it.
#[derive(Debug, sqlx::FromRow)]
pub struct Row {
    pub id: String,
    pub channel: String,
    pub destination: String,
    pub order_key: String,
    pub order_no: i64,
    pub state: String,
    pub attempts: i64,
    pub due_at: i64,
    pub last_error: Option<String>,
    pub sent_at: Option<i64>,
}

/// All deliveries, in the order of their events.
pub async fn deliveries(app: &TestApp) -> Vec<Row> {
    let select = "select id, channel, destination, order_key, order_no, state, attempts, due_at, last_error, sent_at from deliveries order by order_key, order_no, channel, destination";
    with_db!(&app.app.db, pool => sqlx::query_as(select).fetch_all(pool).await).unwrap()
}

/// The only delivery.
pub async fn delivery(app: &TestApp) -> Row {
    let mut all = deliveries(app).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// Plans all events, then sends all that is due; gives the number of attempts.
pub async fn work(app: &TestApp) -> usize {
    sayso::jobs::run_due(&app.app).await.unwrap();
    outbox::deliver_due(&app.app).await.unwrap()
}

/// Submits a feedback and gives its case.
pub async fn submit(app: &TestApp, feedback: Value) -> Case {
    let answer = app.client().submit(feedback).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.body);
    Case::by_code(&app.app, answer.json()["code"].as_str().unwrap()).await.unwrap()
}

/// A question without a contact.
pub async fn ask(app: &TestApp) -> Case {
    submit(app, json!({"kind": "question", "message": "Do you deliver on Sundays?"})).await
}

/// Adds a member of the staff and gives its identifier.
pub async fn member(app: &TestApp, name: &str) -> String {
    let (id, now) = (new_id(), app.app.clock.now());
    let email = format!("{id}@acme.example");
    let insert = "insert into members (id, email, name, role, lang, created_at) values ($1, $2, $3, 'agent', 'en', $4)";
    with_write!(&app.app.db, pool => sqlx::query(insert).bind(&id).bind(&email).bind(name).bind(now).execute(pool).await.map(|_| ())).unwrap();
    id
}

/// A member writes to the customer.
pub async fn reply(app: &TestApp, case: &Case, member: &str, words: &str, then: FollowUp) {
    staff::reply(&app.app, &case.id, member, &Body::parse(words).unwrap(), then).await.unwrap();
}

/// What resolves a case of any kind.
pub fn resolved(case: &Case) -> FollowUp {
    let outcome = (case.kind() == Kind::Complaint).then_some(Outcome::PartlyUpheld);
    FollowUp::Resolve(Resolution { outcome, remedy: None, cost: None })
}

/// The customer writes again.
pub async fn customer_writes(app: &TestApp, case: &Case, words: &str) {
    let reply = Reply::parse(json!({"body": words})).unwrap();
    customer::reply(&app.app, case, &reply, &key(), Channel::Entry).await.unwrap();
}

/// The customer rates.
pub async fn customer_rates(app: &TestApp, case: &Case, rating: Value) {
    let satisfaction = Satisfaction::parse(rating).unwrap();
    customer::rate(&app.app, case, &satisfaction, &key()).await.unwrap();
}

fn key() -> IdempotencyKey {
    IdempotencyKey::parse(&uuid::Uuid::new_v4().to_string()).unwrap()
}
