//! `sayso member`.

use anyhow::{Context as _, bail, ensure};
use clap::Subcommand;
use sayso_shared::Lang;

use super::invitations::{NewInvitation, Refusal};
use super::links::make_sign_in_link;
use super::member::{Email, Name, NewMember};
use super::{Member, Password, Role, invitations, new_password, oidc, passkeys, totp};
use crate::audit::Stamp;
use crate::clock::{Millis, parse_rfc3339, rfc3339};
use crate::context::Context;
use crate::service;
use crate::service::objects::Team;
use crate::sites::Site;

/// What can be done with members.
#[derive(Debug, Subcommand)]
pub enum MemberCommand {
    /// Add a member, or let one come back. Prints a one-time link unless a password is given.
    Add {
        /// The address to sign in with.
        email: String,
        /// The name that colleagues and customers read.
        #[arg(long)]
        name: String,
        /// admin, manager, agent, viewer or partner.
        #[arg(long, value_parser = read_role)]
        role: Role,
        /// Read the password from the standard input, its first line.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Show the members.
    List,
    /// Ask somebody to become a member: by mail, with a link that works once and for a week, which is printed as well.
    Invite {
        /// The address that they are asked at, and will sign in with.
        email: String,
        /// The name that colleagues and customers read.
        #[arg(long)]
        name: String,
        /// admin, manager, agent, viewer or partner.
        #[arg(long, value_parser = read_role)]
        role: Role,
        /// The key of a team that they will belong to; several times for several.
        #[arg(long = "team", value_name = "KEY")]
        teams: Vec<String>,
        /// The language of the mail and of their pages, such as en or zh-Hans; without it that of their browser, and English in the mail.
        #[arg(long, value_name = "TAG", value_parser = read_lang)]
        lang: Option<Lang>,
    },
    /// Take the password, the second factor and the company account away, end all sessions and print a one-time link with which the member sets a new one.
    Reset {
        /// The member's address.
        email: String,
        /// Take only the password away, for whoever has forgotten it: the second factor, the passkeys and the company account stay.
        #[arg(long)]
        keep_second_factor: bool,
        /// Set the password that the standard input gives in its first line instead.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Say until when a member is away: until then rules and turns give it no new cases. Without a time it is back.
    Away {
        /// The member's address.
        email: String,
        /// Until when, such as 2026-12-24T09:00:00+08:00.
        #[arg(long, value_parser = read_time)]
        until: Option<Millis>,
    },
    /// Let a member leave: no more sign-in, and its open cases belong to nobody.
    Remove {
        /// The member's address.
        email: String,
    },
}

/// Runs one of the commands.
pub async fn run(command: MemberCommand, context: &Context) -> anyhow::Result<()> {
    match command {
        MemberCommand::Add { email, name, role, password_stdin } => {
            let (email, name) = (Email::parse(&email)?, Name::parse(&name)?);
            let password_hash = match password_stdin {
                true => Some(read_password(context, name.as_str(), email.as_str()).await?.hash().await?),
                false => None,
            };
            let has_password = password_hash.is_some();
            let address = email.as_str().to_owned();
            let new = NewMember { email, name, role, lang: None, password_hash };
            let id = Member::add(&context.db, &new, &Stamp::command(context.clock.now())).await?;
            println!("Added {address} as {}.", role.as_str());
            if !has_password {
                print_link(context, &id).await?;
            }
        }
        MemberCommand::Invite { email, name, role, teams, lang } => {
            let new = NewInvitation { email: Email::parse(&email)?, name: Name::parse(&name)?, role, teams, lang };
            invite(context, &new).await?;
        }
        MemberCommand::List => {
            for member in Member::all(&context.db).await? {
                let left = if member.disabled_at.is_some() { "  (has left)" } else { "" };
                println!("{}  {}  {}{left}", member.email, member.role().as_str(), member.name);
            }
        }
        MemberCommand::Away { email, until } => {
            let member = Member::by_email(&context.db, &Email::parse(&email)?).await?;
            let member = member.with_context(|| format!("there is no member {email}"))?;
            member.set_away(&context.db, until, &Stamp::command(context.clock.now())).await?;
            match until {
                Some(until) => println!("{} is away until {}.", member.name, rfc3339(until)),
                None => println!("{} is back.", member.name),
            }
        }
        MemberCommand::Reset { email, keep_second_factor, password_stdin } => {
            let member = Member::by_email(&context.db, &Email::parse(&email)?).await?;
            let member = member.with_context(|| format!("there is no member {email}"))?;
            let hash = match password_stdin {
                true => Some(read_password(context, &member.name, &member.email).await?.hash().await?),
                false => None,
            };
            let stamp = Stamp::command(context.clock.now());
            Member::set_password(&context.db, &member.id, hash.as_deref(), &stamp).await?;
            // Whoever has lost everything, the last admin too, gets in without any of it.
            if !keep_second_factor {
                totp::remove(&context.db, &member.id, &stamp).await?;
                passkeys::remove_all(&context.db, &member.id, &stamp).await?;
                oidc::unbind(&context.db, &member.id, &stamp).await?;
            }
            match hash {
                Some(_) => println!("The password of {} is set; all its sessions have ended.", member.email),
                None => print_link(context, &member.id).await?,
            }
        }
        MemberCommand::Remove { email } => {
            let email = Email::parse(&email)?;
            let left = Member::remove(&context.db, &email, &Stamp::command(context.clock.now())).await?;
            println!("{} can't sign in any more; its open cases belong to nobody.", email.as_str());
            if left > 0 {
                println!(
                    "{left} customers have no representative now: /staff/customers?representative=none shows them."
                );
            }
        }
    }
    Ok(())
}

async fn invite(context: &Context, new: &NewInvitation) -> anyhow::Result<()> {
    let known = service::store::all::<Team>(&context.db).await?;
    for key in &new.teams {
        ensure!(known.iter().any(|team| team.key.as_str() == key), "there is no team {key}");
    }
    let stamp = Stamp::command(context.clock.now());
    let address = new.email.as_str();
    let invitation = match invitations::invite(&context.db, new, &stamp).await? {
        Ok(invitation) => invitation,
        Err(Refusal::IsMember) => bail!("{address} is a member already"),
        Err(Refusal::IsInvited) => {
            bail!("{address} has been invited already; the console sends it again, or withdraws it")
        }
    };
    match invitations::is_mailed(&context.config) {
        true => println!("Invited {address} as {}; the server sends the mail.", new.role.as_str()),
        false => println!("Invited {address} as {}. There is no mail server: pass the link on.", new.role.as_str()),
    }
    let path = invitation.path(&context.keys).context("the invitation has no link")?;
    println!("This link works once, within seven days:\n{}", context.config.console(&path));
    Ok(())
}

async fn print_link(context: &Context, member_id: &str) -> anyhow::Result<()> {
    let path = make_sign_in_link(&context.db, &context.keys, &context.clock, member_id).await?;
    println!(
        "This link signs in once, within three days, and asks for a new password:\n{}",
        context.config.console(&path)
    );
    Ok(())
}

async fn read_password(context: &Context, name: &str, email: &str) -> anyhow::Result<Password> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).context("the standard input gives no password")?;
    let typed = line.trim_end_matches(['\r', '\n']);
    let sites = Site::all(&context.db).await?;
    let password = new_password::check(&context.config, sites.iter(), typed, (name, email)).await?;
    password.map_err(|weakness| anyhow::anyhow!(weakness.sentence()))
}

fn read_time(text: &str) -> Result<Millis, String> {
    parse_rfc3339(text).ok_or_else(|| "a time is written as in RFC 3339, such as 2026-12-24T09:00:00+08:00".to_owned())
}

fn read_lang(tag: &str) -> Result<Lang, String> {
    Lang::of_console_for_tag(tag).ok_or_else(|| "the languages are en, zh-Hans, zh-Hant and zh-HK".to_owned())
}

fn read_role(word: &str) -> Result<Role, String> {
    Role::parse(word).ok_or_else(|| "the roles are admin, manager, agent, viewer and partner".to_owned())
}
