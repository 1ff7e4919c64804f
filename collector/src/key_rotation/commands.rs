//! `sayso key`.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

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
    /// Read a key from the standard input, as somebody typed it from a sheet, and say whether it is one of this installation.
    Check,
}

/// Does what the command line says.
pub async fn run(command: KeyCommand, context: &Context) -> anyhow::Result<()> {
    match command {
        KeyCommand::Rotate => rotate(context).await,
        KeyCommand::Status => status(context).await,
        KeyCommand::Export { file } => export(context, file).await,
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
    let Context { config, db, keys, clock, .. } = context;
    let sheet = sheet(&keys::written(&config.data)?, &config.public_url, &rfc3339(clock.now()))?;
    match &file {
        Some(path) => {
            let mut options = std::fs::OpenOptions::new();
            let made = options.write(true).create_new(true).mode(0o600).open(path);
            let mut made = made.with_context(|| format!("cannot make {}", path.display()))?;
            made.write_all(sheet.as_bytes())?;
            made.sync_all()?;
            println!("The sheet is in {}. Print it, and delete the file.", path.display());
        }
        None => print!("{sheet}"),
    }
    keys.note_export(db, clock.now()).await?;
    let change = Change {
        action: "key.export",
        object: "master-key".to_owned(),
        before: Value::Null,
        after: json!({"key": keys.current_id()}),
    };
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
