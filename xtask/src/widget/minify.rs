//! Scripts as short as they get without meaning anything else: no comments, no space, short names for what they keep to themselves.

use anyhow::bail;
use oxc::allocator::Allocator;
use oxc::codegen::{Codegen, CodegenOptions, CommentOptions};
use oxc::minifier::{MangleOptions, Minifier, MinifierOptions};
use oxc::parser::Parser;
use oxc::semantic::SemanticBuilder;
use oxc::span::SourceType;

/// What a browser takes a script for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// A script by its tag, whose outermost names are the page's.
    Classic,
    Module,
}

/// Shortens a script; one that browsers could not read is refused.
pub fn minify(source: &str, goal: Goal) -> anyhow::Result<String> {
    let allocator = Allocator::default();
    let source_type = match goal {
        Goal::Classic => SourceType::script(),
        Goal::Module => SourceType::mjs(),
    };
    let parsed = Parser::new(&allocator, source, source_type).parse();
    let mut program = parsed.program;
    // What the grammar allows and browsers refuse all the same, such as an export outside of a module.
    let checked = SemanticBuilder::new().with_check_syntax_error(true).build(&program);
    if let Some(first) = parsed.diagnostics.first().or(checked.diagnostics.first()) {
        bail!("not a script: {first}");
    }
    let options = MinifierOptions { mangle: Some(MangleOptions::default()), ..MinifierOptions::default() };
    let minified = Minifier::new(options).minify(&allocator, &mut program);
    let printed = CodegenOptions { minify: true, comments: CommentOptions::disabled(), ..CodegenOptions::default() };
    Ok(Codegen::new().with_options(printed).with_scoping(minified.scoping).build(&program).code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_people_need_goes_and_what_the_page_sees_stays() {
        let source = "// why\n(() => {\n  const greeting = 'hello'\n  window.greet = name => [greeting, name]\n})()\n";
        let minified = minify(source, Goal::Classic).expect("a script");
        assert!(minified.contains("window.greet=") && minified.contains("hello"), "{minified}");
        assert!(!minified.contains("why") && !minified.contains("name") && !minified.contains('\n'), "{minified}");

        let source = "const greeting = text\nexport const greet = () => [greeting, greeting]";
        let minified = minify(source, Goal::Module).expect("a module");
        assert!(minified.contains("greet") && !minified.contains("greeting"), "{minified}");
    }

    #[test]
    fn the_outermost_names_of_a_classic_script_are_the_pages() {
        let minified = minify("const answer = [42, document.title]", Goal::Classic).expect("a script");
        assert_eq!(minified, "const answer=[42,document.title];");
    }

    #[test]
    fn what_no_browser_reads_is_refused() {
        for (source, goal) in
            [("let a = ", Goal::Classic), ("export const a = 1", Goal::Classic), ("a b", Goal::Module)]
        {
            let error = minify(source, goal).expect_err(source);
            assert!(error.to_string().starts_with("not a script: "), "{error}");
        }
    }
}
