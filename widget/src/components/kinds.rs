//! The first question: what is it?

use yew::Html;

use super::markup::{UiEvent, el, none, on, says, tag, with};
use super::{Ui, icon};

/// The kinds that the site takes, side by side; nothing where it takes only one.
pub fn kinds(ui: &Ui) -> Html {
    let kinds = &ui.state.settings.kinds;
    if kinds.len() < 2 {
        return none();
    }
    let mut children = vec![says("legend", with![], ui.text("kind_legend"))];
    for kind in kinds {
        let name = kind.as_str();
        let mut input = tag("input", with!["type" => "radio", "name" => "kind", "value" => name], vec![]);
        input.set_checked(Some(*kind) == ui.state.kind());
        children.push(el(
            "label",
            with!["class" => name],
            vec![
                on(ui, input, UiEvent::Choose(*kind)),
                icon::icon(icon::of_kind(*kind)),
                says("span", with![], ui.words.of("kind_", name)),
            ],
        ));
    }
    el("fieldset", with!["class" => "kinds"], children)
}
