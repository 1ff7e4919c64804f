//! Amounts of money in bodies.

use sayso_shared::fields::Fields;
use sayso_shared::problem::ErrorCode;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::cases::money::{Money, MoneyError};

/// An amount of money.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffMoney)]
pub(super) struct MoneyBody {
    /// In units of the currency, with at most three digits behind the point.
    #[schema(minimum = 0, maximum = 1_000_000_000, example = 120.5)]
    amount: f64,
    /// A code of ISO 4217.
    #[schema(pattern = "^[A-Za-z]{3}$", example = "EUR")]
    currency: String,
}

impl From<Money> for MoneyBody {
    fn from(money: Money) -> Self {
        Self { amount: money.amount(), currency: money.currency().to_owned() }
    }
}

/// Takes an amount that may be absent: as a number, or as a text, which keeps every digit.
pub(super) fn read_money(fields: &mut Fields, name: &str) -> Option<Money> {
    let read = fields.object(name, |fields| {
        let currency = fields.required_text::<8>("currency");
        let amount = match fields.value("amount") {
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(Value::String(text)) => Some(text),
            Some(_) => {
                fields.refuse("amount", ErrorCode::Invalid, MoneyError::Amount.to_string());
                None
            }
            None => {
                fields.refuse("amount", ErrorCode::Required, "is required");
                None
            }
        };
        match Money::parse(&amount?, currency?.as_str()) {
            Ok(money) => Some(money),
            Err(error @ MoneyError::Currency) => {
                fields.refuse("currency", ErrorCode::Invalid, error.to_string());
                None
            }
            Err(error) => {
                fields.refuse("amount", ErrorCode::Invalid, error.to_string());
                None
            }
        }
    });
    read.flatten()
}
