//! Work that has time: on a thread of its own, at the lowest priority that the system knows.

use std::time::Instant;

use anyhow::Context as _;
use tokio::sync::oneshot;

use crate::app::App;

/// How much below the others its priority is; the lowest one is 19.
const NICE: i32 = 19;

/// Does the work, which calls what it is given each few milliseconds: there it rests while customers are writing.
pub async fn work<T: Send + 'static>(
    app: &App,
    work: impl FnOnce(&mut dyn FnMut()) -> T + Send + 'static,
) -> anyhow::Result<T> {
    let (answer, answered) = oneshot::channel();
    let app = app.clone();
    let thread = std::thread::Builder::new().name("learning".to_owned()).spawn(move || {
        // Where the system refuses it only takes more of the others' time.
        let _ = rustix::process::nice(NICE);
        let mut since = Instant::now();
        let mut rest = || {
            std::thread::sleep(app.intake.rest_after(since.elapsed()));
            since = Instant::now();
        };
        // Nobody waits for it once the collector is stopping.
        let _ = answer.send(work(&mut rest));
    });
    thread.context("no thread can be started to learn on")?;
    answered.await.context("learning broke off")
}
