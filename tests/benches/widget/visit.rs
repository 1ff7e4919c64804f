//! One load in one new browser.

use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use sayso_tests::browser::{Browser, PATIENCE, Setup};
use serde_json::{Value, json};
use thirtyfour::cdp::CdpSession;

use crate::recording::Recording;
use crate::samples::Measured;
use crate::stage::Stage;

const PROBE: &str = include_str!("probe.js");

/// Longer than any proof of work takes to be found.
const MOST_LETTERS: usize = 500;

/// How fast the page's thread runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speed {
    Full,
    /// Slowed down four times, as an inexpensive phone is.
    Quarter,
}

impl Speed {
    fn slow_down(self) -> u32 {
        match self {
            Self::Full => 1,
            Self::Quarter => 4,
        }
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}x", self.slow_down())
    }
}

/// What the visitor does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visit {
    /// Reads the page without the tag.
    Blank,
    /// Reads the page with a script that draws a button and does nothing else.
    Bare,
    /// Presses the launcher without having been near it.
    Cold,
    /// Rests on the launcher until everything is there, and presses it.
    Hovered,
    /// As [`Visit::Cold`], and the browser records its tasks and requests, which makes all of them longer by a third.
    Recorded,
    /// Writes to a site so busy that it asks for a proof of work, recorded as well.
    Busy,
    /// Uses what is fetched later: a screen of the second module, masking, and a photo; recorded as well.
    Later,
}

impl fmt::Display for Visit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Blank => "blank",
            Self::Bare => "bare",
            Self::Cold => "cold",
            Self::Hovered => "hovered",
            Self::Recorded => "recorded",
            Self::Busy => "busy",
            Self::Later => "later",
        })
    }
}

impl Visit {
    /// Starts a browser, makes the visit, and gives what it cost.
    pub async fn measure(self, stage: &Stage, speed: Speed) -> anyhow::Result<Measured> {
        if self == Self::Busy {
            stage.make_busy().await?;
        }
        let browser = Browser::start(Setup::default()).await;
        let visited = tokio::time::timeout(3 * PATIENCE, self.in_browser(&browser, stage, speed)).await;
        browser.stop().await;
        visited.context("it took too long")?
    }

    async fn in_browser(self, browser: &Browser, stage: &Stage, speed: Speed) -> anyhow::Result<Measured> {
        // A page of the same site, so that the process with its slow-down is the one that gets the page.
        let blank = format!("{}/blank", stage.company.origin);
        browser.driver.goto(&blank).await?;
        let page = Page { session: browser.driver.cdp().connect().await? };
        let is_recorded = matches!(self, Self::Recorded | Self::Busy | Self::Later);
        let recording = if is_recorded { Some(Recording::start(&page.session).await?) } else { None };
        page.send("Performance.enable", json!({"timeDomain": "threadTicks"})).await?;
        page.send("Page.enable", json!({})).await?;
        page.send("Page.addScriptToEvaluateOnNewDocument", json!({"source": PROBE})).await?;
        page.send("Emulation.setCPUThrottlingRate", json!({"rate": speed.slow_down()})).await?;

        let before = page.metrics().await?;
        let address = match self {
            Self::Blank => format!("{blank}?again"),
            Self::Bare => stage.company.url("bare"),
            _ => stage.company.origin.clone(),
        };
        let is_read_only = matches!(self, Self::Blank | Self::Bare);
        browser.driver.goto(&address).await?;
        page.ask("probe.settled('loaded')").await?;
        let loaded = page.metrics().await?;
        if !is_read_only {
            page.ask("probe.rested()").await?;
            self.open(&page).await?;
        }
        let later = match self {
            Self::Busy => page.write_and_send().await.map(|()| Vec::new())?,
            Self::Later => page.use_what_comes_later().await?,
            _ => Vec::new(),
        };
        page.ask("probe.settled('end')").await?;
        let end = page.metrics().await?;
        let probe = page.ask("({...probe})").await?;
        let slow_down = page.ask(CALIBRATION).await?.as_f64().context("a duration")?;
        let Some(recording) = recording else {
            let mut measured = vec![
                ("script", loaded.script - before.script),
                ("main_thread", loaded.all - before.all),
                ("shift", probe["shift"].as_f64().unwrap_or_default()),
                ("calibration", slow_down),
            ];
            if !is_read_only {
                measured.extend(self.times(&probe)?);
                measured.push(("script_open", end.script - before.script));
            }
            return Ok(measured);
        };
        let recorded = recording.end(&page.session).await?;
        Ok(match self {
            Self::Busy => vec![
                ("longest_task_typing", recorded.longest_task("typed", "sent")?),
                ("longest_task_sending", recorded.longest_task("sent", "submitted")?),
                ("proof", recorded.between("typed", "proved")?),
                ("sending", recorded.between("sent", "submitted")?),
            ],
            Self::Later => {
                let longest = recorded.longest_task("photo", "scaled")?;
                [later, vec![("longest_task_photo", longest)]].concat()
            }
            _ => vec![
                ("bytes", recorded.bytes_until("loaded")?),
                ("bytes_open", recorded.bytes_until("end")?),
                ("longest_task", recorded.longest_task("start", "loaded")?),
                ("longest_task_open", recorded.longest_task("pressed", "end")?),
            ],
        })
    }

    /// Milliseconds from the press.
    fn times(self, probe: &Value) -> anyhow::Result<Measured> {
        let time = |name: &str| probe[name].as_f64().with_context(|| format!("the probe noted no {name}"));
        // The first that the browser hears of the press. A mouse that comes out of nowhere is told of before, and that counts.
        let pressed = if self == Self::Hovered { time("pointerdown")? } else { time("pointerover")? };
        Ok(vec![
            ("focused", time("focused")? - pressed),
            ("whole", time("whole")? - pressed),
            ("painted", time("painted")? - pressed),
        ])
    }

    async fn open(self, page: &Page) -> anyhow::Result<()> {
        let point = page.ask("probe.launcher()").await?;
        if self == Self::Hovered {
            page.mouse("mouseMoved", &point).await?;
            page.ask("probe.ready().then(() => probe.settled('hovered'))").await?;
        }
        // Asked before, so that asking takes nothing of the time that is measured.
        let (form, pressed, released) = tokio::join!(
            page.ask("probe.form"),
            page.mouse("mousePressed", &point),
            page.mouse("mouseReleased", &point)
        );
        form.and(pressed).and(released)?;
        Ok(())
    }
}

/// Some work of always the same size, by which the slow-down is checked.
const CALIBRATION: &str = "(() => { const from = performance.now(); let sum = 0; for (let i = 0; i < 2e7; i++) sum = sum + i * 7 | 0; return performance.now() - from + (sum & 0) })()";

/// From the press until my cases are painted, with all that they need fetched and compiled.
const SCREEN: &str = "(async () => { const root = document.querySelector('sayso-widget').shadowRoot, from = performance.now();\
    root.querySelector('#mine').click();\
    while (!root.querySelector('#mine-title')) await new Promise(requestAnimationFrame);\
    return performance.now() - from })()";

/// The median of five times: the module by itself, as the panel would call it.
const MASKING: &str = "(async () => { const { name } = performance.getEntriesByType('resource').find(({ name }) => name.endsWith('-panel.js'));\
    const { masks } = await import(name.replace('-panel.js', '-masks.js'));\
    const make = (name, props) => Object.assign(document.createElement(name), props);\
    const sayso = { base: new URL(name).origin, attach: make('div'), make, listen() {}, signal: new AbortController().signal };\
    await masks(sayso);\
    const text = 'Order 1234567 of 2026-11-28 never came, call 0170 1234567. '.repeat(170).slice(0, 10000), times = [];\
    for (let time = 0; time < 5; time++) { const from = performance.now(); sayso.mask_all(text); times.push(performance.now() - from) }\
    return times.sort((one, other) => one - other)[2] })()";

/// A photo of 4,000 by 3,000 pixels, dropped on the form: from then until it has left.
const PHOTO: &str = "(async () => { const root = document.querySelector('sayso-widget').shadowRoot;\
    root.querySelector('#home').click();\
    const canvas = Object.assign(document.createElement('canvas'), { width: 4000, height: 3000 }), ink = canvas.getContext('2d');\
    for (let at = 0; at < 4000; at++) { ink.fillStyle = `hsl(${at} 80% 50%)`; ink.fillRect(at % 80 * 50, at / 80 * 60 | 0, 50, 60) }\
    const blob = await new Promise(done => canvas.toBlob(done, 'image/jpeg', .95)), data = new DataTransfer;\
    canvas.width = 0;\
    data.items.add(new File([blob], 'photo.jpg', { type: blob.type }));\
    await probe.settled('drawn');\
    performance.mark('probe:photo');\
    root.querySelector('#message').dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, composed: true, dataTransfer: data }));\
    while (!root.querySelector('.files small')?.textContent.includes('ready')) await new Promise(next => setTimeout(next, 20));\
    performance.mark('probe:scaled') })()";

/// Milliseconds of the page's thread since its beginning.
struct Metrics {
    script: f64,
    all: f64,
}

/// The page, by the browser's own protocol, which disturbs it less than WebDriver does.
struct Page {
    session: CdpSession,
}

impl Page {
    async fn send(&self, method: &str, parameters: Value) -> anyhow::Result<Value> {
        self.session.send_raw(method, parameters).await.with_context(|| method.to_owned())
    }

    /// The value of an expression, or what its promise gives.
    async fn ask(&self, expression: &str) -> anyhow::Result<Value> {
        let parameters = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let answer = self.send("Runtime.evaluate", parameters).await?;
        ensure!(answer["exceptionDetails"].is_null(), "{expression}: {}", answer["exceptionDetails"]);
        Ok(answer["result"]["value"].clone())
    }

    async fn mouse(&self, event: &str, point: &Value) -> anyhow::Result<Value> {
        let button = if event == "mouseMoved" { "none" } else { "left" };
        let parameters = json!({"type": event, "x": point[0], "y": point[1], "button": button, "clickCount": 1});
        self.send("Input.dispatchMouseEvent", parameters).await
    }

    /// Types until the proof of work is found, and sends.
    async fn write_and_send(&self) -> anyhow::Result<()> {
        self.ask("probe.settled('opened')").await?;
        self.ask("performance.mark('probe:typed')").await?;
        let text = "The drawer is stuck. ".chars().cycle();
        // As fast as anybody types. Each letter waits until the page has taken the one before.
        let mut keys = tokio::time::interval(Duration::from_millis(60));
        for letter in text.take(MOST_LETTERS) {
            keys.tick().await;
            self.send("Input.insertText", json!({"text": letter.to_string()})).await?;
            if self.ask("probe.proved").await? == json!(true) {
                break;
            }
        }
        ensure!(self.ask("probe.proved").await? == json!(true), "the proof of work takes too long");
        self.ask("performance.mark('probe:sent')").await?;
        self.ask("document.querySelector('sayso-widget').shadowRoot.querySelector('#send').click()").await?;
        tokio::time::timeout(
            PATIENCE,
            self.ask("probe.submitted.then(() => performance.mark('probe:submitted') && true)"),
        )
        .await
        .context("nothing was submitted")??;
        Ok(())
    }

    /// Opens my cases, masks a text, and takes a photo along. The scripts do it one after the other, each when all before it rests.
    async fn use_what_comes_later(&self) -> anyhow::Result<Measured> {
        let mut measured = Measured::new();
        for (name, script) in [("screen", SCREEN), ("masking", MASKING)] {
            self.ask("probe.settled('opened')").await?;
            measured
                .push((name, self.ask(script).await?.as_f64().with_context(|| format!("{name} gave no duration"))?));
        }
        self.ask(PHOTO).await?;
        Ok(measured)
    }

    async fn metrics(&self) -> anyhow::Result<Metrics> {
        let answer = self.send("Performance.getMetrics", json!({})).await?;
        let metrics = answer["metrics"].as_array().context("a list of metrics")?;
        let milliseconds = |name: &str| {
            let metric = metrics.iter().find(|metric| metric["name"] == name);
            let seconds = metric.and_then(|metric| metric["value"].as_f64());
            seconds.map(|seconds| seconds * 1_000.0).with_context(|| format!("there is no metric {name}"))
        };
        Ok(Metrics { script: milliseconds("ScriptDuration")?, all: milliseconds("TaskDuration")? })
    }
}
