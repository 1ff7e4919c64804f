//! What the columns of an export of cases mean, in the words of docs/export.md.

/// What a column means; none of one that there is not.
pub fn describe(column: &str) -> Option<&'static str> {
    Some(match column {
        "number" => "The short number of the case, which people say",
        "id" => "Its identifier, which never changes",
        "site" => "The key of the site that it came to",
        "kind" => "complaint, suggestion, question or praise",
        "status" => "Where it stands: new, acknowledged, in_progress, waiting, resolved or closed",
        "priority" => "low, normal, high or urgent",
        "category" => "The key of what it is about",
        "team" => "The key of the team that works on it",
        "owner" => "The address of the member who works on it",
        "tags" => "Its tags, with commas between them",
        "channel" => "How it came, such as widget, mail or phone",
        "tier" => "The key of the customer's tier when it came",
        "customer" => "The identifier of the customer, if one is known",
        "problem" => "The key of the problem behind it",
        "rating" => "What the customer gave with the feedback, 1 to 5",
        "importance" => "How important it is to the customer, 1 to 5",
        "message" => "What the customer wrote",
        "desired_outcome" => "What the customer wants to happen",
        "reference" => "An order or account that the customer named",
        "locale" => "The language that the customer wrote in",
        "page_url" => "The page that it was sent from, without secrets",
        "page_title" => "What that page is called",
        "received_at" => "When it came (RFC 3339, UTC)",
        "updated_at" => "When something happened last",
        "first_response_due" => "Until when the first response was promised",
        "first_responded_at" => "When a person answered first",
        "resolved_at" => "When it was last resolved",
        "closed_at" => "When it was closed",
        "reopened_count" => "How often it was reopened",
        "outcome" => "Of complaints: upheld, partly_upheld, not_upheld or withdrawn",
        "remedy" => "What the customer was given, in words",
        "remedy_cost" => "What that cost",
        "remedy_currency" => "In which currency",
        "follow_up_at" => "Until when it was put aside",
        "satisfaction" => "How satisfied the customer is with what became of it, 1 to 5",
        "solved" => "Whether the customer says that it is solved",
        "satisfaction_comment" => "What the customer wrote with that",
        "contact_name" => "The customer's name; only where contacts were asked for",
        "contact_email" => "The customer's address of mail",
        "contact_phone" => "The customer's phone number",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Contacts, columns};
    use super::*;

    #[test]
    fn every_column_is_described_as_the_documentation_has_it() {
        let page = include_str!("../../../docs/export.md");
        for column in columns(Contacts::Included) {
            let text = describe(column).unwrap_or_else(|| panic!("{column} has no description"));
            assert!(
                page.contains(&format!("| `{column}` | {text} |")),
                "docs/export.md lacks: | `{column}` | {text} |"
            );
        }
    }
}
