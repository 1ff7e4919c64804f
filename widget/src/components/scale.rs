//! A choice from one to five: stars for a rating, steps for an importance.

use yew::{Html, html};

use super::{Ui, field, icon};
use crate::form::Field;
use crate::state::Action;

/// Five radio buttons.
pub fn scale(ui: &Ui, of: Field) -> Html {
    let name = of.name();
    let chosen = if of == Field::Importance { ui.state.form.importance } else { ui.state.form.rating };
    html! {
        <fieldset class={["scale ", name].concat()}>
            <legend>{ ui.words.of("label_", name) }</legend>
            <div class="steps">
                { for (1..=5).map(|step: u8| html! {
                    <label class={if step <= chosen { "on" } else { "" }}>
                        <input type="radio" {name} value={step.to_string()} checked={step == chosen}
                            aria-label={ui.words.fill("scale_step", "{step}", &step.to_string())}
                            onchange={ui.on_choose(Action::Rate(of, step))} />
                        if of == Field::Importance { <span aria-hidden="true">{ step }</span> } else { { icon::icon(icon::STAR) } }
                    </label>
                }) }
            </div>
            <p class="ends" aria-hidden="true"><span>{ ui.words.of(name, "_low") }</span><span>{ ui.words.of(name, "_high") }</span></p>
            { field::error(ui, of) }
        </fieldset>
    }
}
