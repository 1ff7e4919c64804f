//! A choice from one to five: stars for a rating, steps for an importance.

use yew::Html;

use super::markup::{UiEvent, el, on, plain, says, tag, with};
use super::{Ui, field, icon};
use crate::form::Field;

/// What the steps are called in the markup.
const SCORES: [&str; 5] = ["1", "2", "3", "4", "5"];

/// Five radio buttons.
pub fn scale(ui: &Ui, of: Field, chosen: u8) -> Html {
    let name = of.name();
    let mut steps = Vec::new();
    for step in 1..=5 {
        let number = ui.host.number(step.into());
        let label = ui.words.fill("scale_step", &number);
        let attributes =
            with!["type" => "radio", "name" => name, "value" => SCORES[usize::from(step) - 1], "aria-label" => &*label];
        let mut input = tag("input", attributes, vec![]);
        input.set_checked(step == chosen);
        steps.push(el(
            "label",
            with!["class" => if step <= chosen { "on" } else { "" }],
            vec![
                on(ui, input, UiEvent::Rate(of, step)),
                if of == Field::Rating { icon::icon(icon::STAR) } else { plain(number.into()) },
            ],
        ));
    }
    let needed = if ui.state.settings.required.contains(&of) { " needed" } else { "" };
    let end = |end| says("span", with![], ui.words.of(name, end));
    el(
        "fieldset",
        with!["class" => &["scale ", name, needed].concat()],
        vec![
            says("legend", with![], ui.words.of("label_", name)),
            el("div", with!["class" => "steps"], steps),
            el("p", with!["class" => "ends", "aria-hidden" => "true"], vec![end("_low"), end("_high")]),
            field::error(ui, of),
        ],
    )
}
