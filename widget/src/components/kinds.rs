//! The first question: what is it?

use yew::{Html, html};

use super::{Ui, icon};
use crate::state::Action;

/// The kinds that the site takes, side by side; nothing where it takes only one.
pub fn kinds(ui: &Ui) -> Html {
    let chosen = ui.state.kind();
    let kinds = &ui.state.settings.kinds;
    if kinds.len() < 2 {
        return Html::default();
    }
    html! {
        <fieldset class="kinds">
            <legend>{ ui.text("kind_legend") }</legend>
            { for kinds.iter().map(|kind| html! {
                <label class={kind.as_str()}>
                    <input type="radio" name="kind" value={kind.as_str()} checked={*kind == chosen}
                        onchange={ui.on_choose(Action::Choose(*kind))} />
                    { icon::icon(icon::of_kind(*kind)) }
                    <span>{ ui.words.of("kind_", kind.as_str()) }</span>
                </label>
            }) }
        </fieldset>
    }
}
