/** The widget's function, or until it has come one that keeps calls, which the widget works off in their order. The same line as in a page. */
export const queue = () => window.Sayso ||= function () { (window.Sayso.q ||= []).push(arguments) }
