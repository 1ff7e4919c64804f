//! The first question: what is it?

use yew::{Html, html};

use super::{Ui, icon};

/// The kinds that the site takes, side by side; nothing where it takes only one.
pub fn kinds(ui: &Ui) -> Html {
    let kinds = &ui.state.settings.kinds;
    if kinds.len() < 2 {
        return Html::default();
    }
    let chosen = ui.state.kind();
    html! {
        <fieldset class="kinds">
            <legend>{ ui.text("kind_legend") }</legend>
            for kind in kinds {
                <label ~className={kind.as_str()}>
                    <input type="radio" name="kind" value={kind.as_str()} checked={chosen == Some(*kind)} />
                    { icon::icon(icon::of_kind(*kind)) }
                    <span>{ ui.words.of("kind_", kind.as_str()) }</span>
                </label>
            }
        </fieldset>
    }
}
