//! A choice from one to five: stars for a rating, steps for an importance.

use yew::virtual_dom::VText;
use yew::{AttrValue, Html, html};

use super::{Ui, field, icon};
use crate::form::Field;

/// What the steps are called in the markup.
const STEPS: [&str; 5] = ["1", "2", "3", "4", "5"];

/// Five radio buttons.
pub fn scale(ui: &Ui, of: Field, chosen: u8) -> Html {
    let name = of.name();
    let needed = if ui.state.settings.required.contains(&of) { " needed" } else { "" };
    html! {
        <fieldset ~className={["scale ", name, needed].concat()}>
            <legend>{ ui.words.of("label_", name) }</legend>
            <div class="steps">
                for step in 1..=5 { { self::step(ui, of, step, chosen) } }
            </div>
            <p class="ends" aria-hidden="true">
                <span>{ ui.words.of(name, "_low") }</span>
                <span>{ ui.words.of(name, "_high") }</span>
            </p>
            { field::error(ui, of) }
        </fieldset>
    }
}

fn step(ui: &Ui, of: Field, step: u8, chosen: u8) -> Html {
    let number = AttrValue::from(ui.host.number(step.into()));
    html! {
        <label ~className={if step <= chosen { "on" } else { "" }}>
            <input type="radio" name={of.name()} value={STEPS[usize::from(step) - 1]} checked={step == chosen}
                aria-label={ui.words.fill("scale_step", &number)} />
            { if of == Field::Rating { icon::icon(icon::STAR) } else { VText::new(number).into() } }
        </label>
    }
}
