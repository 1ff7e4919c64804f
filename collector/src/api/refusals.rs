//! The refusals that operations have in common, for the description of the API.

use std::collections::BTreeMap;

use sayso_shared::Problem;
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema as _};

/// Of every operation for programs with a token.
pub struct TokenRefusals;

/// Of every operation that takes a body of JSON.
pub struct BodyRefusals;

impl IntoResponses for TokenRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals([
            (401, "No valid token"),
            (403, "The token has not the scope that this asks for"),
            (429, "Too many wrong tokens; see Retry-After"),
        ])
    }
}

impl IntoResponses for BodyRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals([(413, "More than 256 KiB"), (415, "Not application/json")])
    }
}

fn refusals<const N: usize>(refusals: [(u16, &str); N]) -> BTreeMap<String, RefOr<Response>> {
    let problem = || Content::new(Some(Ref::from_schema_name(Problem::name())));
    let refusal = |description: &str| {
        ResponseBuilder::new().description(description).content("application/problem+json", problem()).build()
    };
    refusals.into_iter().map(|(status, description)| (status.to_string(), refusal(description).into())).collect()
}
