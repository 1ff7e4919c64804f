//! Packs stylesheets: one travels with the panel, one in the companion, so visitors would pay for comments and white space.

/// Takes out comments and the white space that separates nothing. Our stylesheets have no strings with such characters.
pub fn minify(css: &str) -> String {
    let mut plain = String::new();
    let mut rest = css;
    while let Some((before, comment)) = rest.split_once("/*") {
        plain.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    plain.push_str(rest);

    let mut packed = String::new();
    for word in plain.split_whitespace() {
        // Blanks matter between the parts of a selector or a value, and around the operators of calc().
        let joins = packed.ends_with(['{', '}', ';', ',', ':', '>']) || word.starts_with(['{', '}', '>']);
        if !joins && !packed.is_empty() {
            packed.push(' ');
        }
        packed.push_str(word);
    }
    packed.replace(";}", "}")
}
