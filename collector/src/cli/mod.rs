//! The command line: `sayso serve`, `sayso demo`, and commands that work beside a running server.

mod migrate;
mod serve;

use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::migrate::MigrateArguments;
use crate::audit::commands::AuditCommand;
use crate::auth::breached::{self, BreachedCommand};
use crate::auth::commands::{self as members, MemberCommand};
use crate::auth::token_commands::{self as tokens, TokenCommand};
use crate::config::{Config, DEFAULTS, LogFormat, Overrides, USUAL_DATA};
use crate::context::Context;
use crate::customers::import::{self as customers, CustomerCommand};
use crate::db::DATABASE;
use crate::export::commands::{self as export, ExportArguments};
use crate::exposure::commands::{self as exposure, ExposureCommand};
use crate::http::panics;
use crate::import::{self, ImportArguments};
use crate::inbound::commands::MailCommand;
use crate::jobs::commands::JobsCommand;
use crate::key_rotation::commands::KeyCommand;
use crate::outbox::commands::{DeliveriesCommand, TargetCommand};
use crate::receipts::commands::{self as receipts, ReceiptCommand};
use crate::reports::commands::{self as reports, ReportsCommand};
use crate::service::commands::ServiceCommand;
use crate::sites::commands::SiteCommand;
use crate::surveys::commands::SurveyCommand;
use crate::{audit, backup, demo, doctor, inbound, jobs, key_rotation, outbox, service, sites, surveys};

/// Customer feedback that is stored, forwarded and answered.
#[derive(Debug, Parser)]
#[command(name = "sayso", version, about, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    overrides: Overrides,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the widget, the customers' pages and the staff console.
    Serve,
    /// Serve with a demo company, its website, members and sample cases.
    Demo(demo::Arguments),
    /// Add, show and set up sites.
    #[command(subcommand)]
    Site(SiteCommand),
    /// Add, list, reset and remove members of the staff.
    #[command(subcommand)]
    Member(MemberCommand),
    /// Add, list, try and remove the places that a site's events are forwarded to.
    #[command(subcommand)]
    Target(TargetCommand),
    /// Make a filter of passwords that have been in breaches.
    #[command(subcommand)]
    Breached(BreachedCommand),
    /// Make, list and remove tokens, with which programs use the staff API.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Store who a company's customers are, from its own list.
    #[command(subcommand)]
    Customer(CustomerCommand),
    /// Store feedback that was given elsewhere, from a file.
    Import(ImportArguments),
    /// Write cases to a file for spreadsheets or data people, one a row.
    Export(ExportArguments),
    /// Write everything to a file, also while the server works: the database and the attachments, but not the master key.
    Backup(backup::BackupArguments),
    /// Put back what `sayso backup` wrote, into either kind of database. The server must not run.
    Restore(backup::RestoreArguments),
    /// Say what is wrong with settings, key, database, mail, targets, clock or disk, and how to mend it.
    Doctor(doctor::DoctorArguments),
    /// Prove that the audit log is whole, print its head, or list its last entries.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Verify receipts, and rotate the key that signs them.
    #[command(subcommand)]
    Receipt(ReceiptCommand),
    /// Rotate the master key, print it to be kept elsewhere, or check a key.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Show what works in the background, and let what was given up begin anew.
    #[command(subcommand)]
    Jobs(JobsCommand),
    /// Gather anew what reports are made from.
    #[command(subcommand)]
    Reports(ReportsCommand),
    /// Write, apply and try what makes up the service: calendars, teams, promises, rules, templates and more, in one file.
    #[command(subcommand)]
    Service(ServiceCommand),
    /// List surveys, and store answers that were given elsewhere.
    #[command(subcommand)]
    Survey(SurveyCommand),
    /// Store how many orders, visits or accounts there were, so that reports say complaints per thousand.
    #[command(subcommand)]
    Exposure(ExposureCommand),
    /// List what is forwarded and how that went, and send it once more.
    #[command(subcommand)]
    Deliveries(DeliveriesCommand),
    /// Take mails from a mail server, and see what became of them.
    #[command(subcommand)]
    Mail(MailCommand),
    /// Bring the database up to date: its tables, and upgrades of what is in them.
    Migrate(MigrateArguments),
    /// Print the settings in force, without secrets; with --defaults the commented default file.
    Config {
        /// Print the file with all settings, their defaults and what they mean.
        #[arg(long)]
        defaults: bool,
    },
}

impl Cli {
    /// Does what the command line says; gives what the process ends with.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        crate::install_crypto();
        if !matches!(self.command, Command::Serve | Command::Demo(_)) {
            // What is piped into `head` ends as other programs do, without a word.
            sigpipe::reset();
        }
        if let Command::Config { defaults: true } = self.command {
            print!("{DEFAULTS}");
            return Ok(ExitCode::SUCCESS);
        }
        if let Command::Breached(command) = &self.command {
            breached::run(command)?;
            return Ok(ExitCode::SUCCESS);
        }
        if let Command::Receipt(ReceiptCommand::Verify(arguments)) = &self.command
            && arguments.is_offline()
        {
            receipts::verify_offline(arguments)?;
            return Ok(ExitCode::SUCCESS);
        }
        if let Command::Key(KeyCommand::Join { file }) = &self.command {
            key_rotation::commands::join(file)?;
            return Ok(ExitCode::SUCCESS);
        }
        if let Command::Service(ServiceCommand::Preset { name }) = &self.command {
            service::commands::print_preset(name)?;
            return Ok(ExitCode::SUCCESS);
        }
        if let Command::Demo(arguments) = self.command {
            let config = Config::load(&arguments.into_overrides(self.overrides)?)?;
            start_log(&config);
            panics::log_by_place();
            demo::run(config, arguments).await?;
            return Ok(ExitCode::SUCCESS);
        }
        if let Command::Doctor(arguments) = self.command {
            // It looks at settings that may be wrong, so it comes before them.
            doctor::run(arguments, &self.overrides).await?;
            return Ok(ExitCode::SUCCESS);
        }
        let is_piped_mail = matches!(self.command, Command::Mail(MailCommand::Receive { .. }));
        let config = match Config::load(&self.overrides) {
            // A mail is worth another try, once somebody has seen to the settings.
            Err(error) if is_piped_mail => return Ok(inbound::commands::try_again(&error)),
            config => config?,
        };
        start_log(&config);
        panics::log_by_place();
        if is_piped_mail && let Err(error) = refuse_second_folder(&config, &self.overrides) {
            return Ok(inbound::commands::try_again(&error));
        }
        if !matches!(self.command, Command::Serve | Command::Config { .. } | Command::Restore(_)) {
            refuse_second_folder(&config, &self.overrides)?;
        }
        match self.command {
            Command::Demo(_) | Command::Doctor(_) | Command::Breached(_) => unreachable!("it was done above"),
            Command::Serve => serve::run(config).await,
            Command::Config { .. } => {
                print!("{}", toml::to_string(&config)?);
                Ok(())
            }
            Command::Migrate(arguments) => migrate::run(arguments, config).await,
            Command::Audit(command) => audit::commands::run(command, &Context::open(config).await?.db).await,
            Command::Receipt(command) => receipts::run(command, &Context::open(config).await?).await,
            Command::Key(command) => key_rotation::commands::run(command, &Context::open(config).await?).await,
            Command::Jobs(command) => {
                let context = Context::open(config).await?;
                jobs::commands::run(command, &context.db, &context.clock).await
            }
            Command::Reports(command) => {
                let context = Context::open(config).await?;
                reports::run(command, &context.db, &context.clock).await
            }
            Command::Backup(arguments) => backup::make(arguments, &config).await,
            Command::Restore(arguments) => backup::restore(arguments, &config).await,
            Command::Member(command) => members::run(command, &Context::open(config).await?).await,
            Command::Target(command) => outbox::commands::targets::run(command, &Context::open(config).await?).await,
            Command::Deliveries(command) => {
                outbox::commands::deliveries::run(command, &Context::open(config).await?).await
            }
            Command::Token(command) => tokens::run(command, &Context::open(config).await?).await,
            Command::Export(arguments) => export::run(arguments, &Context::open(config).await?).await,
            Command::Customer(command) => customers::run(command, &Context::open(config).await?).await,
            Command::Import(arguments) => import::run(arguments, &Context::open(config).await?).await,
            Command::Site(command) => sites::commands::run(command, &Context::open(config).await?).await,
            Command::Mail(command) => return inbound::commands::run(command, config).await,
            Command::Survey(command) => surveys::commands::run(command, &Context::open(config).await?).await,
            Command::Exposure(command) => exposure::run(command, &Context::open(config).await?).await,
            Command::Service(command) => {
                return service::commands::run(command, &Context::open(config).await?).await;
            }
        }?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Refuses to make a database in the usual folder: somebody who forgot `--data` would set up one that no server reads.
fn refuse_second_folder(config: &Config, overrides: &Overrides) -> anyhow::Result<()> {
    let is_usual = overrides.data.is_none() && config.data == Path::new(USUAL_DATA);
    let is_there = config.data.join(DATABASE).exists();
    anyhow::ensure!(
        !is_usual || is_there || config.database_url.reveal().is_some(),
        "there is no database in {}; say where the server keeps its own, with its --data, --config or --database-url \
         (`sayso serve` makes a new one)",
        std::path::absolute(&config.data)?.display()
    );
    Ok(())
}

fn start_log(config: &Config) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("SAYSO_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,sqlx=warn,hyper=warn"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false);
    // An error only says that a log has been started before.
    let _ = match config.log_format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().try_init(),
    };
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
}
