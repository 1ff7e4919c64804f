//! `sayso key`.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as STANDARD;
use serde_json::{Value, json};

use super::escrow::{self, Part, Scheme};
use super::words::check_words;
use super::{Share, begin_anew, shares, step};
use crate::audit::{self, Change, Stamp};
use crate::clock::rfc3339;
use crate::context::Context;
use crate::keys;

/// What `sayso key` can do.
#[derive(Debug, clap::Subcommand)]
pub enum KeyCommand {
    /// Make a new master key, and encrypt everything anew with it. Broken off, it goes on where it was.
    Rotate,
    /// Say how much is encrypted with the key that encrypts now.
    Status,
    /// Print the master key as a sheet to be kept in a safe place, with words by which it is checked.
    Export {
        /// The file to write, which only its owner can read; without it the sheet is printed.
        file: Option<PathBuf>,
    },
    /// Split the master key into parts for several people, of whom some together can make it again. Each part is a sheet.
    Split {
        /// How many parts.
        #[arg(long, value_name = "NUMBER")]
        parts: u8,
        /// How many of them make the key again; fewer tell nothing about it.
        #[arg(long, value_name = "NUMBER")]
        needed: u8,
        /// The folder for the sheets, which is made.
        folder: PathBuf,
    },
    /// Make the master key again from parts that are typed in, one a line. It needs no installation.
    Join {
        /// The key file to write, which only its owner can read.
        file: PathBuf,
    },
    /// Read a key from the standard input, as somebody typed it from a sheet, and say whether it is one of this installation.
    Check,
}

/// Does what the command line says.
pub async fn run(command: KeyCommand, context: &Context) -> anyhow::Result<()> {
    match command {
        KeyCommand::Rotate => rotate(context).await,
        KeyCommand::Status => status(context).await,
        KeyCommand::Export { file } => export(context, file).await,
        KeyCommand::Split { parts, needed, folder } => split(context, Scheme::new(parts, needed)?, &folder).await,
        KeyCommand::Join { file } => join(&file),
        KeyCommand::Check => check(context),
    }
}

async fn rotate(context: &Context) -> anyhow::Result<()> {
    let Context { config, db, keys, clock, .. } = context;
    let left = left(&shares(db, keys).await?);
    // With another key in the environment, or where the last run was broken off, something is left to do for the key that is there.
    if left == 0 {
        keys.rotate(&config.data)?;
        println!(
            "A new master key encrypts from now on. The others stay in the file: look-ups derive from the oldest one."
        );
    } else {
        println!("Going on with the key that encrypts now.");
    }
    begin_anew(db, keys).await?;
    let all: i64 = shares(db, keys).await?.iter().map(|share| share.all - share.current).sum();
    let mut batches = 0_u64;
    while step(db, keys).await? {
        batches += 1;
        if batches.is_multiple_of(1_000) {
            println!("{}", sentence(&shares(db, keys).await?));
        }
    }
    let stamp = Stamp::command(clock.now());
    let after = json!({"key": keys.current_id(), "encrypted_anew": all});
    let change = Change { action: "key.rotate", object: "master-key".to_owned(), before: Value::Null, after };
    let mut tx = db.begin().await?;
    audit::append(&mut tx, &stamp, &change).await?;
    tx.commit().await?;
    println!("{}", sentence(&shares(db, keys).await?));
    println!("Export the new key (`sayso key export`), and make a backup: older backups need the keys of before.");
    Ok(())
}

async fn status(context: &Context) -> anyhow::Result<()> {
    let shares = shares(&context.db, &context.keys).await?;
    println!("{} keys; the one that encrypts is {}.", context.keys.count(), context.keys.current_id());
    for Share { place, current, all } in &shares {
        println!("{place:<34} {current:>10} of {all}");
    }
    println!("{}", sentence(&shares));
    match context.keys.exported_at(&context.db).await? {
        Some(at) => println!("It was exported at {}.", rfc3339(at)),
        None => println!("It was never exported: `sayso key export` prints a sheet."),
    }
    Ok(())
}

async fn export(context: &Context, file: Option<PathBuf>) -> anyhow::Result<()> {
    let Context { config, keys, clock, .. } = context;
    let sheet = sheet(&keys::written(&config.data)?, &config.public_url, &rfc3339(clock.now()))?;
    match &file {
        Some(path) => {
            write_new(path, &sheet)?;
            println!("The sheet is in {}. Print it, and delete the file.", path.display());
        }
        None => print!("{sheet}"),
    }
    note_export(context, "key.export", json!({"key": keys.current_id()})).await
}

/// Writes a sheet for each part. All of them together are as secret as the key, so each is to be given away.
async fn split(context: &Context, scheme: Scheme, folder: &Path) -> anyhow::Result<()> {
    let Context { config, keys, clock, .. } = context;
    let sheets = scheme.sheets(&keys::written(&config.data)?, &config.public_url, &rfc3339(clock.now()))?;
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    // Sheets of an earlier splitting would be taken for parts of this one.
    ensure!(std::fs::read_dir(folder)?.next().is_none(), "{} is not empty", folder.display());
    for (at, sheet) in sheets.iter().enumerate() {
        write_new(&folder.join(format!("part-{}.txt", at + 1)), sheet)?;
    }
    println!(
        "{} sheets are in {}. Print each, give them to {0} people, and delete the files.",
        sheets.len(),
        folder.display()
    );
    let mut after = scheme.to_json();
    after["key"] = keys.current_id().into();
    note_export(context, "key.split", after).await
}

/// Reads parts from the standard input until an empty line, and writes the key that they make. It asks nobody anything but that.
pub fn join(file: &Path) -> anyhow::Result<()> {
    eprintln!("Type the parts, each on a line of its own; an empty line ends them.");
    let mut parts = Vec::new();
    for (number, line) in std::io::stdin().lines().enumerate() {
        let line = line.context("the standard input gives no parts")?;
        if line.trim().is_empty() {
            break;
        }
        parts.push(Part::parse(&line).with_context(|| format!("line {}", number + 1))?);
    }
    let keys = escrow::join(&parts)?;
    let written: String = keys.iter().map(|key| format!("{}\n", STANDARD.encode(key))).collect();
    write_new(file, &written)?;
    for (place, key) in keys.iter().enumerate() {
        println!("Check words of key {}: {}", place + 1, check_words(key));
    }
    println!("The key file is {}. Compare the check words with those of the sheets.", file.display());
    Ok(())
}

/// Writes a file that was not there and that only its owner can read.
fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    let made = options.write(true).create_new(true).mode(0o600).open(path);
    let mut made = made.with_context(|| format!("cannot make {}", path.display()))?;
    made.write_all(text.as_bytes())?;
    Ok(made.sync_all()?)
}

/// Notes that the key has left the installation, for the audit log and for `doctor`.
async fn note_export(context: &Context, action: &'static str, after: Value) -> anyhow::Result<()> {
    let Context { db, keys, clock, .. } = context;
    keys.note_export(db, clock.now()).await?;
    let change = Change { action, object: "master-key".to_owned(), before: Value::Null, after };
    let mut tx = db.begin().await?;
    audit::append(&mut tx, &Stamp::command(clock.now()), &change).await?;
    Ok(tx.commit().await?)
}

fn check(context: &Context) -> anyhow::Result<()> {
    let mut typed = String::new();
    std::io::stdin().read_line(&mut typed).context("the standard input gives no key")?;
    let typed: String = typed.split_whitespace().collect();
    let key = keys::key_of(&typed)?;
    println!("Its check words are: {}", check_words(&key));
    let all = keys::written(&context.config.data)?;
    ensure!(all.iter().any(|own| keys::key_of(own).is_ok_and(|own| own == key)), "this is no key of this installation");
    println!("It is a key of this installation.");
    Ok(())
}

/// The sheet: each key in groups of four, with its check words.
fn sheet(written: &[String], address: &str, at: &str) -> anyhow::Result<String> {
    let mut sheet = format!(
        "Sayso: master key of {address}\nPrinted at {at}. Whoever has it and a backup can read everything: keep it in a safe, away from the backups.\n\n"
    );
    for (place, text) in written.iter().enumerate() {
        let key = keys::key_of(text)?;
        let groups: Vec<String> =
            text.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
        let lines: Vec<String> = groups.chunks(6).map(|line| format!("    {}", line.join(" "))).collect();
        sheet += &format!(
            "Key {} of {}\n{}\n    Check words: {}\n\n",
            place + 1,
            written.len(),
            lines.join("\n"),
            check_words(&key)
        );
    }
    sheet += "To use it: write each key without spaces on a line of its own, in this order, into the file master.key of the data folder, or into\n\
        SAYSO_MASTER_KEY, separated by commas. `sayso key check` reads a key and prints its check words.\n";
    Ok(sheet)
}

fn left(shares: &[Share]) -> i64 {
    shares.iter().map(|share| share.all - share.current).sum()
}

fn sentence(shares: &[Share]) -> String {
    let all: i64 = shares.iter().map(|share| share.all).sum();
    match left(shares) {
        0 => format!("All {all} values are encrypted with the key that encrypts now."),
        left => {
            format!("{} of {all} values are encrypted with the key that encrypts now; {left} are left.", all - left)
        }
    }
}
