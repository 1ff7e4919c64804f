//! What the browser itself tells of a load: its requests, and the tasks of the page's thread.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use thirtyfour::cdp::CdpSession;
use tokio::sync::oneshot;

/// A recording that runs.
pub struct Recording {
    events: Arc<Mutex<Vec<(String, Value)>>>,
    complete: oneshot::Receiver<()>,
}

impl Recording {
    /// Starts one.
    pub async fn start(session: &CdpSession) -> anyhow::Result<Self> {
        let events = Arc::new(Mutex::new(Vec::new()));
        let (done, complete) = oneshot::channel();
        let (mut stream, kept) = (session.subscribe_all(), Arc::clone(&events));
        tokio::spawn(async move {
            while let Some(event) = stream.next().await {
                let is_last = event.method == "Tracing.tracingComplete";
                kept.lock().unwrap_or_else(PoisonError::into_inner).push((event.method, event.params));
                if is_last {
                    // Whoever does not wait for it has given up.
                    let _ = done.send(());
                    return;
                }
            }
        });
        session.send_raw("Network.enable", json!({})).await?;
        let categories = ["disabled-by-default-devtools.timeline", "blink.user_timing"];
        let config = json!({"traceConfig": {"includedCategories": categories, "excludedCategories": ["*"]}});
        session.send_raw("Tracing.start", config).await?;
        Ok(Self { events, complete })
    }

    /// Ends it and gives what was recorded.
    pub async fn end(self, session: &CdpSession) -> anyhow::Result<Recorded> {
        session.send_raw("Tracing.end", json!({})).await?;
        self.complete.await.context("the trace did not come")?;
        let events = std::mem::take(&mut *self.events.lock().unwrap_or_else(PoisonError::into_inner));
        Recorded::read(&events)
    }
}

/// A load as recorded; times are the browser's, in microseconds.
pub struct Recorded {
    marks: HashMap<String, f64>,
    /// Beginning and duration of each task of the page's thread.
    tasks: Vec<(f64, f64)>,
    /// End of each transfer, and the bytes of its body.
    transfers: Vec<(f64, f64)>,
}

impl Recorded {
    fn read(events: &[(String, Value)]) -> anyhow::Result<Self> {
        let trace = events.iter().filter(|(method, _)| method == "Tracing.dataCollected");
        let trace: Vec<&Value> = trace.filter_map(|(_, chunk)| chunk["value"].as_array()).flatten().collect();
        let is_mark = |event: &&&Value| event["name"].as_str().is_some_and(|name| name.starts_with("probe:"));
        // The page before this one runs in the same thread, and had no probe.
        let first = trace.iter().find(is_mark).context("the trace has no mark of the probe")?;
        let thread = |event: &&&Value| event["pid"] == first["pid"] && event["tid"] == first["tid"];
        let number = |event: &Value, name: &str| event[name].as_f64().unwrap_or_default();
        let marks = trace.iter().filter(is_mark).filter_map(|event| {
            Some((event["name"].as_str()?.trim_start_matches("probe:").to_owned(), number(event, "ts")))
        });
        let tasks = trace.iter().filter(thread).filter(|event| event["name"] == "RunTask");
        Ok(Self {
            marks: marks.collect(),
            tasks: tasks.map(|event| (number(event, "ts"), number(event, "dur"))).collect(),
            transfers: transfers(events),
        })
    }

    fn mark(&self, name: &str) -> anyhow::Result<f64> {
        self.marks.get(name).copied().with_context(|| format!("the trace has no mark {name}"))
    }

    /// The longest task that began between two marks, in milliseconds.
    pub fn longest_task(&self, from: &str, until: &str) -> anyhow::Result<f64> {
        let (from, until) = (self.mark(from)?, self.mark(until)?);
        let within = self.tasks.iter().filter(|(start, duration)| start + duration >= from && *start < until);
        Ok(within.map(|(_, duration)| duration / 1_000.0).fold(0.0, f64::max))
    }

    /// Milliseconds between two marks.
    pub fn between(&self, from: &str, until: &str) -> anyhow::Result<f64> {
        Ok((self.mark(until)? - self.mark(from)?) / 1_000.0)
    }

    /// Bytes of bodies, as transferred, that had come before a mark.
    pub fn bytes_until(&self, mark: &str) -> anyhow::Result<f64> {
        let until = self.mark(mark)?;
        Ok(self.transfers.iter().filter(|(end, _)| *end <= until).map(|(_, bytes)| bytes).sum())
    }
}

/// Requests of the page, without the document itself.
fn transfers(events: &[(String, Value)]) -> Vec<(f64, f64)> {
    let mut heads: HashMap<&str, f64> = HashMap::new();
    let mut transfers = Vec::new();
    for (method, event) in events {
        let Some(request) = event["requestId"].as_str() else { continue };
        match method.as_str() {
            "Network.responseReceived" if event["type"] != "Document" => {
                heads.insert(request, event["response"]["encodedDataLength"].as_f64().unwrap_or_default());
            }
            "Network.loadingFinished" => {
                if let (Some(head), Some(all)) = (heads.remove(request), event["encodedDataLength"].as_f64()) {
                    transfers.push((event["timestamp"].as_f64().unwrap_or_default() * 1_000_000.0, all - head));
                }
            }
            _ => {}
        }
    }
    transfers
}
