//! PostgreSQL restarts under load.

use sayso_tests::postgres::{Cluster, Stop};
use sayso_tests::process::lasting_port;

use crate::chance::Chance;
use crate::load::Load;
use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn when_postgres_restarts_customers_are_asked_for_patience_and_nothing_is_lost() {
    let mut chance = Chance::new();
    let mut cluster = Cluster::start().await;
    let stage = Stage::empty(cluster.url()).await;
    stage.furnish().await;
    let server = stage.serve(lasting_port()).await;
    let load = Load::start(&[&server.url], 8);
    for round in 0..sayso_tests::Round::of_this_run().pick(2, 10) {
        load.answers(chance.below(40)).await;
        cluster.stop(if round % 2 == 0 { Stop::Immediate } else { Stop::Fast }).await;
        load.refusals(8).await;
        cluster.resume().await;
        // The same process goes on by itself.
        load.answers(50).await;
    }
    let answered = load.stop().await;
    stage.verify(&server.url, &answered).await;
    server.stop().await;
}
