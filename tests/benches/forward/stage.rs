//! A released collector with targets, and customers.

use std::time::{Duration, Instant};

use anyhow::ensure;
use sayso_tests::process::{Served, run};
use sayso_tests::{Database, write_key};
use tempfile::TempDir;

/// A collector with the site `acme`.
pub struct Stage {
    served: Served,
    client: reqwest::Client,
    _data: TempDir,
}

impl Stage {
    /// Starts one with a new database, a webhook target for each address, and further settings.
    pub async fn open(database: Database, targets: &[&str], settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let data = tempfile::tempdir()?;
        write_key(data.path());
        let secret = database.make_durable().await;
        let url = secret.reveal().unwrap_or_default();
        let site: &[&str] = &["site", "add", "acme", "--name", "Acme", "--origin", "https://shop.example"];
        let targets = targets.iter().map(|target| ["target", "add", "--site", "acme", "--webhook", target]);
        let commands = std::iter::once(site.to_vec()).chain(targets.map(Vec::from));
        for command in commands {
            let (is_done, said) = run(data.path(), url, &command);
            ensure!(is_done, "sayso {}: {said}", command.join(" "));
        }
        let usual = [
            ("SAYSO_LOG", "error"),
            ("SAYSO_DANGEROUS_ALLOW_PRIVATE_TARGETS", "true"),
            ("SAYSO_DANGEROUS_DISABLE_GUARDS", "true"),
        ];
        let served = Served::start(data.path(), url, &[&usual, settings].concat()).await;
        Ok(Self { served, client: reqwest::Client::new(), _data: data })
    }

    /// Submits a complaint, and gives the time of its 201.
    pub async fn submit(&self) -> anyhow::Result<Instant> {
        submit(&self.client, &self.served.url).await
    }

    /// Submits so many complaints over this many connections.
    pub async fn submit_many(&self, count: usize, connections: usize) -> anyhow::Result<()> {
        let submitters = (0..connections).map(|number| {
            let (client, url) = (self.client.clone(), self.served.url.clone());
            let own = count / connections + usize::from(number < count % connections);
            tokio::spawn(async move {
                for _ in 0..own {
                    submit(&client, &url).await?;
                }
                anyhow::Ok(())
            })
        });
        for submitter in submitters.collect::<Vec<_>>() {
            submitter.await??;
        }
        Ok(())
    }

    /// Submits as fast as it is answered, and gives how many were stored.
    pub async fn submit_for(&self, time: Duration, connections: usize) -> anyhow::Result<usize> {
        let until = Instant::now() + time;
        let submitters = (0..connections).map(|_| {
            let (client, url) = (self.client.clone(), self.served.url.clone());
            tokio::spawn(async move {
                let mut count = 0;
                while submit(&client, &url).await? < until {
                    count += 1;
                }
                anyhow::Ok(count)
            })
        });
        let mut count = 0;
        for submitter in submitters.collect::<Vec<_>>() {
            count += submitter.await??;
        }
        Ok(count)
    }

    /// The memory of the collector in MiB.
    pub fn memory_mib(&self) -> f64 {
        self.served.memory() as f64 / 1_048_576.0
    }

    /// The processor time that it has had so far.
    pub fn processor_time(&self) -> anyhow::Result<Duration> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.served.process_id()))?;
        // The name of the program, in brackets, may hold anything; after it come fields 3 and so on, of which 14 and 15 are times in hundredths.
        let fields: Vec<&str> = text.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
        let ticks =
            |number: usize| fields.get(number - 3).and_then(|field| field.parse::<u64>().ok()).unwrap_or_default();
        Ok(Duration::from_millis(10 * (ticks(14) + ticks(15))))
    }
}

async fn submit(client: &reqwest::Client, url: &str) -> anyhow::Result<Instant> {
    let key = uuid::Uuid::new_v4();
    let request = client
        .post(format!("{url}/api/v1/sites/acme/feedback"))
        .header("origin", "https://shop.example")
        .header("content-type", "application/json")
        .header("idempotency-key", key.to_string())
        .body(format!(
            r#"{{"kind":"complaint","message":"The parcel came late and torn. {key}","contact":{{"name":"Li Lei"}}}}"#
        ));
    let answer = request.send().await?;
    ensure!(answer.status() == 201, "answered with {}", answer.status());
    Ok(Instant::now())
}
