//! `sayso export`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal as _, Seek as _, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::{Contacts, Format, Names, Wanted, Workbook, cells, chunk, columns, head, lines, table};
use crate::audit::{self, Change, Stamp};
use crate::context::Context;
use crate::reports::periods::{Edge, moment};
use crate::service::ServiceCache;
use crate::sites::Site;

/// Write cases to a file, one a row, the oldest first.
#[derive(Debug, Args)]
pub struct ExportArguments {
    /// The file; without one, or with `-`, rows go to the standard output. One that is there is replaced once the new one is whole.
    #[arg(default_value = "-")]
    file: PathBuf,
    /// How rows are written.
    #[arg(long, value_enum)]
    format: Format,
    /// The key of a site; without it, cases of all sites.
    #[arg(long)]
    site: Option<String>,
    /// The first day of receipt, by the site's clock, or a time as in RFC 3339.
    #[arg(long)]
    from: Option<String>,
    /// The last day of receipt, which is included, or a time as in RFC 3339, which is not.
    #[arg(long)]
    to: Option<String>,
    /// Also write names, addresses and phone numbers of customers. The audit log has that it was done.
    #[arg(long)]
    contacts: bool,
}

/// Where rows go.
enum Sink {
    Text(Box<dyn Write>, Format),
    Book(Box<Workbook>),
}

/// Does what the command says.
pub async fn run(arguments: ExportArguments, context: &Context) -> anyhow::Result<()> {
    let is_stdout = arguments.file == Path::new("-");
    ensure!(
        !(is_stdout && arguments.format == Format::Xlsx && io::stdout().is_terminal()),
        "a workbook is not for reading: name a file, or send it on"
    );
    let contacts = if arguments.contacts { Contacts::Included } else { Contacts::LeftOut };
    let wanted = wanted(&arguments, context).await?;
    let part = arguments.file.with_added_extension("part");
    let mut sink = match arguments.format {
        Format::Xlsx => {
            let book = Workbook::new(columns(contacts)).described(table(contacts).descriptions());
            Sink::Book(Box::new(book))
        }
        format if is_stdout => Sink::Text(Box::new(BufWriter::new(io::stdout())), format),
        format => Sink::Text(Box::new(BufWriter::new(create(&part)?)), format),
    };
    if let Sink::Text(writer, format) = &mut sink {
        writer.write_all(&head(*format, contacts))?;
    }
    let n = write_all(&mut sink, &wanted, contacts, context).await?;
    match sink {
        Sink::Text(mut writer, _) => writer.flush()?,
        Sink::Book(book) if is_stdout => {
            let mut file = tempfile::tempfile()?;
            book.save(BufWriter::new(&file)).context("the workbook can't be written")?;
            file.rewind()?;
            io::copy(&mut file, &mut io::stdout())?;
        }
        Sink::Book(book) => book.save(BufWriter::new(create(&part)?)).context("the workbook can't be written")?,
    }
    if !is_stdout {
        fs::rename(&part, &arguments.file).with_context(|| format!("cannot write {}", arguments.file.display()))?;
    }
    note(&arguments, n, context).await?;
    eprintln!("Exported: {n}.");
    Ok(())
}

/// Writes all cases, and says how many they were.
async fn write_all(sink: &mut Sink, wanted: &Wanted, contacts: Contacts, context: &Context) -> anyhow::Result<u64> {
    let names = Names::load(&context.db).await?;
    let progress = progress();
    let mut after = String::new();
    let mut n = 0;
    loop {
        let cases = chunk(&context.db, wanted, &after).await?;
        let Some(last) = cases.last() else { break };
        after.clone_from(&last.id);
        match sink {
            Sink::Text(writer, format) => {
                writer.write_all(&lines(&context.db, &context.keys, &names, &cases, (*format, contacts)).await?)?;
            }
            Sink::Book(book) => book.add(&cells(&context.db, &context.keys, &names, &cases, contacts).await?)?,
        }
        n += cases.len() as u64;
        progress.set_position(n);
    }
    progress.finish_and_clear();
    Ok(n)
}

fn progress() -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template("{spinner} {human_pos} cases, {per_sec}, {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar
}

async fn wanted(arguments: &ExportArguments, context: &Context) -> anyhow::Result<Wanted> {
    let sites = Site::all(&context.db).await?;
    let site = match &arguments.site {
        None => None,
        Some(key) => {
            Some(sites.iter().find(|site| site.key() == key).with_context(|| format!("there is no site {key}"))?)
        }
    };
    let service = ServiceCache::new(context.db.clone(), context.clock.clone()).current().await?;
    let zone = site.or(sites.first()).map_or(jiff::tz::TimeZone::UTC, |site| service.zone_of(site));
    let at =
        |name: &str, typed: &Option<String>, edge: Edge| match typed.as_deref().map(|text| moment(text, edge, &zone)) {
            None => Ok(None),
            Some(Some(at)) => Ok(Some(at)),
            Some(None) => bail!("--{name} must be a day such as 2026-11-29, or a time as in RFC 3339"),
        };
    let (from, to) = (at("from", &arguments.from, Edge::First)?, at("to", &arguments.to, Edge::Last)?);
    ensure!(from.zip(to).is_none_or(|(from, to)| from < to), "--to must be after --from");
    Ok(Wanted { site_id: site.map(|site| site.id().to_owned()), from, to })
}

/// Readable by its owner alone: it holds what customers wrote.
fn create(file: &Path) -> anyhow::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true).read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).with_context(|| format!("cannot write {}", file.display()))
}

async fn note(arguments: &ExportArguments, n: u64, context: &Context) -> anyhow::Result<()> {
    let after = json!({
        "cases": n, "site": arguments.site, "from": arguments.from, "to": arguments.to, "contacts": arguments.contacts,
    });
    let mut tx = context.db.begin().await?;
    let change = Change { action: "cases.export", object: "cases".to_owned(), before: Value::Null, after };
    audit::append(&mut tx, &Stamp::command(context.clock.now()), &change).await?;
    Ok(tx.commit().await?)
}
