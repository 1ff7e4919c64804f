//! `sayso receipt`.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use jsonwebtoken::jwk::JwkSet;
use sayso_shared::limits::BODY_MAX_BYTES;

use super::{Statement, known, rotate};
use crate::audit::Stamp;
use crate::context::Context;

/// What `sayso receipt` can do.
#[derive(Debug, clap::Subcommand)]
pub enum ReceiptCommand {
    /// Say whether a receipt holds, and of what. With --keys it needs neither settings nor a database.
    Verify(VerifyArguments),
    /// Print the public keys, as they are at /.well-known/sayso-keys.json.
    Keys,
    /// Sign with another key from now on. Receipts of before go on to hold.
    Rotate,
}

/// What `sayso receipt verify` is given.
#[derive(Debug, clap::Args)]
pub struct VerifyArguments {
    /// The receipt; - for standard input.
    file: PathBuf,
    /// The public keys of whoever gave it; without it, those of this installation.
    #[arg(long)]
    keys: Option<PathBuf>,
    /// The text that it should be of.
    #[arg(long)]
    text: Option<PathBuf>,
}

impl VerifyArguments {
    /// Whether everything that it takes is in files.
    pub const fn is_offline(&self) -> bool {
        self.keys.is_some()
    }
}

/// Does what the command line says.
pub async fn run(command: ReceiptCommand, context: &Context) -> anyhow::Result<()> {
    match command {
        ReceiptCommand::Verify(arguments) => verify(&arguments, &known(&context.db).await?),
        ReceiptCommand::Keys => {
            println!("{}", serde_json::to_string_pretty(&known(&context.db).await?)?);
            Ok(())
        }
        ReceiptCommand::Rotate => {
            let id = rotate(&context.db, &context.keys, &Stamp::command(context.clock.now())).await?;
            println!("Receipts are signed with the key {id} from now on. Those of before go on to hold.");
            Ok(())
        }
    }
}

/// Verifies a receipt by the keys in a file.
pub fn verify_offline(arguments: &VerifyArguments) -> anyhow::Result<()> {
    let path = arguments.keys.as_deref().context("name the file with the public keys: --keys FILE")?;
    let keys: JwkSet = serde_json::from_str(&read(path)?)
        .with_context(|| format!("{} holds no public keys as /.well-known/sayso-keys.json has them", path.display()))?;
    verify(arguments, &keys)
}

fn verify(arguments: &VerifyArguments, keys: &JwkSet) -> anyhow::Result<()> {
    let statement = Statement::verify(&read(&arguments.file)?, keys)?;
    if let Some(path) = &arguments.text {
        statement.is_of(&read(path)?)?;
    }
    let Statement { iss, code, site, kind, received_at, sha256 } = &statement;
    println!("The receipt holds: {iss} received the {kind} {code} for {site} at {received_at}.");
    match arguments.text {
        Some(_) => println!("It is of this text, whose SHA-256 is {sha256}."),
        None => println!("The SHA-256 of its text is {sha256}."),
    }
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<String> {
    let limit = u64::try_from(BODY_MAX_BYTES)?;
    let mut text = String::new();
    let reading = || format!("cannot read {}", path.display());
    let taken = match path == Path::new("-") {
        true => std::io::stdin().take(limit + 1).read_to_string(&mut text),
        false => std::fs::File::open(path).with_context(reading)?.take(limit + 1).read_to_string(&mut text),
    };
    ensure!(taken.with_context(reading)? <= BODY_MAX_BYTES, "{} is larger than {limit} bytes", path.display());
    Ok(text)
}
