//! `sayso token`.

use clap::Subcommand;

use super::member::Name;
use super::token::{Scope, Token};
use crate::audit::Stamp;
use crate::clock::rfc3339;
use crate::context::Context;

/// What can be done with tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token with which a program uses the staff API, and show it this once.
    Add {
        /// What it is called, such as the program that uses it; colleagues read it on the cases that it changes.
        name: String,
        /// What it may do: feedback:write, cases:read, cases:write, customers:read, customers:write, reports:read, service:read,
        /// service:write, audit:read.
        #[arg(long = "scope", value_name = "SCOPE", required = true, value_parser = Scope::read, num_args = 1..)]
        scopes: Vec<Scope>,
    },
    /// List the tokens, without showing them.
    List,
    /// Remove a token: what shows it is refused from now on.
    Remove {
        /// The token's name or identifier (see `sayso token list`).
        token: String,
    },
}

/// Runs one of the commands.
pub async fn run(command: TokenCommand, context: &Context) -> anyhow::Result<()> {
    let Context { db, keys, clock, .. } = context;
    match command {
        TokenCommand::Add { name, scopes } => {
            let name = Name::parse(&name)?;
            let bearer = Token::add(db, keys, &name, &scopes, &Stamp::command(clock.now())).await?;
            println!("Added the token {}. Programs send it as `Authorization: Bearer TOKEN`:\n", name.as_str());
            println!("  {}\n", bearer.reveal());
            println!("It is shown only this once, so keep it now.");
        }
        TokenCommand::List => {
            let tokens = Token::all(db).await?;
            if tokens.is_empty() {
                println!("There are no tokens yet; `sayso token add NAME --scope SCOPE` makes one.");
            }
            for token in tokens {
                let scopes = token.scopes().iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ");
                let used =
                    token.last_used_at.map_or_else(|| "never used".to_owned(), |at| format!("used {}", rfc3339(at)));
                println!("{}  {}  {scopes}  made {}  {used}", token.id, token.name, rfc3339(token.created_at));
            }
        }
        TokenCommand::Remove { token } => {
            Token::remove(db, &token, &Stamp::command(clock.now())).await?;
            println!("Removed the token {token}; what shows it is refused from now on.");
        }
    }
    Ok(())
}
