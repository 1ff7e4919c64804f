//! SIGKILL at random moments, under load.

use sayso_tests::process::{Served, lasting_port};
use sayso_tests::{Database, eventually};
use tokio::net::TcpStream;

use crate::chance::Chance;
use crate::load::Load;
use crate::stage::{Stage, repeated};

const CLIENTS: usize = 8;

async fn nothing_is_lost(database: Database) {
    let mut chance = Chance::new();
    let kills = sayso_tests::Round::of_this_run().pick(3, 20);
    let stage = Stage::new(database).await;
    let port = lasting_port();
    let mut server = stage.serve(port).await;
    let load = Load::start(&[&format!("http://127.0.0.1:{port}")], CLIENTS);
    load.answers(20).await;
    for _ in 0..kills {
        load.answers(chance.below(40)).await;
        server.kill().await;
        if chance.below(4) == 0 {
            // Dead again before it was up, perhaps while it ends old leases or looks at its tables.
            let command = Served::command(port, stage.data.path(), &stage.url, &Stage::SETTINGS);
            let unready = Served::spawn(port, command);
            if chance.below(2) == 0 {
                let listens = || async { TcpStream::connect(("127.0.0.1", port)).await.is_ok() };
                eventually("it listens", listens).await;
            }
            unready.kill().await;
        }
        server = stage.serve(port).await;
        load.answers(10).await;
    }
    let answered = load.stop().await;
    let arrivals = stage.verify(&server.url, &answered).await;
    // What was being sent when its process was killed may arrive again, under the same id; nothing else does.
    let again = repeated(&arrivals);
    assert!(again <= 2 * kills * Stage::CONCURRENCY, "{again} of {} arrived more than once", arrivals.len());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_under_load_nothing_is_lost_on_sqlite() {
    nothing_is_lost(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_under_load_nothing_is_lost_on_postgres() {
    nothing_is_lost(Database::Postgres).await;
}
