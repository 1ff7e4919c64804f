//! What the widget asks the collector for a customer who has a case. The widget writes these types, and the collector describes its API by them; what
//! reads them, with an error for each field, is beside the values that they become ([`crate::reply`], and `my_cases` of the collector).

use serde::Serialize;

/// A message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema), schema(as = CustomerReply))]
#[serde(deny_unknown_fields)]
pub struct ReplyRequest {
    #[cfg_attr(
        feature = "server",
        schema(min_length = 1, max_length = 10_000, pattern = r"^[^\u0000]*[^\s\u0000\u0085][^\u0000]*$")
    )]
    pub body: String,
    /// Up to five upload ids of the case's site.
    #[cfg_attr(feature = "server", schema(max_items = 5))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attachments: Option<Vec<String>>,
    /// The customer insists: of the message only card numbers are masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_unmasked: Option<bool>,
}

/// How satisfied the customer is with the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema), schema(as = CustomerSatisfaction))]
#[serde(deny_unknown_fields)]
pub struct SatisfactionRequest {
    #[cfg_attr(feature = "server", schema(minimum = 1, maximum = 5))]
    pub score: u8,
    /// `false` reopens the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub solved: Option<bool>,
    #[cfg_attr(feature = "server", schema(max_length = 1_000, pattern = r"^[^\u0000]*$"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// Whose cases: one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MyCasesRequest {
    /// Tracking codes. Those that nobody has are left out of the answer.
    #[cfg_attr(feature = "server", schema(max_items = 20))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codes: Option<Vec<String>>,
    /// A token that the site signed, as a submission has it.
    #[cfg_attr(feature = "server", schema(max_length = 8_192))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// With an identity: only cases that came before the one with this code, which was the last of an answer with more.
    #[cfg_attr(feature = "server", schema(max_length = 64))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::{Reply, Satisfaction};
    use serde_json::to_value;

    #[test]
    fn what_the_widget_writes_the_collector_reads() {
        let request = ReplyRequest { body: "Thanks".to_owned(), attachments: None, keep_unmasked: Some(true) };
        let reply = to_value(&request).map(Reply::parse).expect("it is JSON").expect("it is complete");
        assert_eq!((reply.body(), reply.attachments()), ("Thanks", [].as_slice()));
        let request = SatisfactionRequest { score: 4, solved: None, comment: Some("Quick".to_owned()) };
        let rated = to_value(&request).map(Satisfaction::parse).expect("it is JSON").expect("it is complete");
        assert_eq!((rated.score(), rated.solved(), rated.comment()), (4, None, Some("Quick")));
    }
}
