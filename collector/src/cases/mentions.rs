//! Colleagues who are named in a note: `@mei` tells her.

use super::Case;
use super::command::{Command, Content};
use super::error::Result;
use super::tasks::Task;
use crate::app::App;
use crate::auth::Member;
use crate::auth::guard::standing;
use crate::auth::permissions::{Action, Actor, CaseAccess, Object, can};

/// More than these are a list of recipients, and none that a note was meant for.
const MENTIONS_MAX: usize = 20;
/// What stands before a name; keyboards for Chinese write it full width.
const SIGNS: [char; 2] = ['@', '＠'];

/// A note with whom it names of those who may read the case; every other command as it is.
pub(super) async fn noted(app: &App, case_id: &str, command: Command) -> Result<Command> {
    match command {
        Command::Note(content) if content.body.as_str().contains(SIGNS) => {
            let members = Member::all(&app.db).await?;
            let tasks = Task::of_cases(&app.db, &[case_id.to_owned()]).await?;
            let access = CaseAccess::of(&Case::by_id(app, case_id).await?, &tasks);
            let mut mentions = Vec::new();
            for member in named(content.body.as_str(), &members) {
                let standing = standing(app, member).await?;
                // Whoever may not read the case must not learn of it by a note.
                if can(Actor::Member(&standing), Action::ReadCase, Object::Case(&access)) {
                    mentions.push(member.id.clone());
                }
            }
            Ok(Command::Note(Content { mentions, ..content }))
        }
        other => Ok(other),
    }
}

/// The members who are named in a text, each once: by `@` with their address, what stands before the `@` of it, or their name without spaces.
fn named<'m>(text: &str, members: &'m [Member]) -> Vec<&'m Member> {
    let mut found: Vec<&Member> = Vec::new();
    for word in words(text) {
        let word = word.to_lowercase();
        // Chinese writes on without a space.
        let is_name = |name: &String| *name == word || !name.is_ascii() && word.starts_with(name.as_str());
        let is_meant = |member: &&Member| member.disabled_at.is_none() && names_of(member).iter().any(is_name);
        for member in members.iter().filter(is_meant) {
            if found.len() < MENTIONS_MAX && found.iter().all(|known| known.id != member.id) {
                found.push(member);
            }
        }
    }
    found
}

/// What stands behind each `@` that begins a word.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let begins = text.char_indices().filter(|(at, c)| {
        let before = text[..*at].chars().next_back();
        SIGNS.contains(c) && before.is_none_or(|before| !is_ascii_word(before))
    });
    begins.map(|(at, c)| {
        let rest = &text[at + c.len_utf8()..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || "._-+@".contains(c))).unwrap_or(rest.len());
        rest[..end].trim_end_matches(['.', '-'])
    })
}

/// Chinese has no space before an `@`; an address has letters before its own.
const fn is_ascii_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+')
}

fn names_of(member: &Member) -> Vec<String> {
    let email = member.email.to_lowercase();
    let local = email.split('@').next().unwrap_or_default().to_owned();
    let parts = member.name.split_whitespace().map(str::to_lowercase);
    let joined = member.name.split_whitespace().collect::<String>().to_lowercase();
    // Half of a name in Latin letters, such as "Li", may be anybody's.
    let own_script = parts.filter(|part| !part.is_ascii());
    own_script.chain([local, joined]).chain([email]).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn members() -> Vec<Member> {
        [("mei@acme.example", "林梅 Mei Lin"), ("tom.b@acme.example", "Tom Berg"), ("li@acme.example", "Li Lei")]
            .map(|(email, name)| Member::sample(email, name))
            .into()
    }

    fn found(text: &str) -> Vec<String> {
        named(text, &members()).into_iter().map(|member| member.email.clone()).collect()
    }

    #[test]
    fn a_colleague_is_named_as_people_write_it() {
        for text in [
            "@mei please look",
            "Ask @Mei.",
            "请@林梅看一下",
            "请＠林梅 看一下",
            "@MEI@acme.example",
            "(@mei)",
            "@林梅MeiLin",
        ] {
            assert_eq!(found(text), ["mei@acme.example"], "{text}");
        }
        assert_eq!(found("@tom.b, @li and @tom.b again"), ["tom.b@acme.example", "li@acme.example"]);
        for text in ["write to mei@acme.example", "@", "@meiling", "mei", "@lin", "a@mei"] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,60}(@\\PC{0,10}){0,4}") {
            prop_assert!(named(&text, &members()).len() <= 3);
        }
    }
}
