//! Whether cases that are not in a segment yet have what is asked for.

use super::request::Request;

/// What of a request a case meets.
pub struct Verdict {
    /// All of its terms, and nothing that is not wanted.
    pub meets: bool,
    /// Which of its groups it is in.
    pub groups: Vec<bool>,
}

/// Looks at a case with its tokens separated by spaces.
pub fn evaluate(request: &Request<'_>, tokens: &str) -> Verdict {
    let mut terms = vec![false; request.terms.len()];
    let mut groups = vec![false; request.groups.len()];
    let mut is_wanted = true;
    for token in tokens.split(' ') {
        for (found, term) in terms.iter_mut().zip(request.terms) {
            *found = *found || term.has(token);
        }
        is_wanted = is_wanted && !request.unwanted.iter().any(|term| term.has(token));
        // Most tokens are words, and no group is one.
        if token.starts_with('=') {
            for (found, group) in groups.iter_mut().zip(request.groups) {
                *found = *found || group == token;
            }
        }
    }
    Verdict { meets: is_wanted && terms.iter().all(|found| *found), groups }
}
