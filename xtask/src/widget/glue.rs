//! The JavaScript that binds a module to the browser, without what ours never need of it.

use anyhow::Context as _;

/// How the part of the glue begins that fetches, compiles and starts a module, in every way that somebody may ask for.
const LOADING: &str = "async function __wbg_load(";
/// How the glue looks up where it came from, to find the module there.
const WHERE_FROM: (&str, &str) = ("let script_src;", "/**");
/// What it brings for browsers that are older than the modules can be.
const OLD_ENCODERS: (&str, &str) = ("if (!('encodeInto' in cachedTextEncoder))", "let WASM_VECTOR_LEN");

/// In place of that: `wasm_bindgen(module)` starts a compiled module, at once where the browser lets it.
const STARTING: &str = "
    return Object.assign(async module => {
        if (wasm) return;
        const imports = __wbg_get_imports();
        let instance;
        try {
            instance = new WebAssembly.Instance(module, imports);
        } catch {
            instance = await WebAssembly.instantiate(module, imports);
        }
        __wbg_finalize_init(instance);
    }, exports);
    })({ __proto__: null });
";

/// Shortens glue as wasm-bindgen makes it for scripts without modules.
pub fn shorten(glue: &str) -> anyhow::Result<String> {
    let (binding, _) = glue.split_once(LOADING).with_context(|| format!("the glue has no `{LOADING}`"))?;
    let mut short = binding.to_owned();
    for (from, to) in [WHERE_FROM, OLD_ENCODERS] {
        let start = short.find(from).with_context(|| format!("the glue has no `{from}`"))?;
        let end = short[start..].find(to).with_context(|| format!("the glue has no `{to}` after `{from}`"))?;
        short.replace_range(start..start + end, "");
    }
    Ok(short + STARTING)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GLUE: &str = "let wasm_bindgen = (function(exports) {\nlet script_src;\nscript_src = here();\n/** Opens it. */\nfunction open() {}\n\
                        const cachedTextEncoder = new TextEncoder();\nif (!('encodeInto' in cachedTextEncoder)) { old(); }\nlet WASM_VECTOR_LEN = 0;\n\
                        async function __wbg_load(module, imports) {}\nreturn Object.assign(__wbg_init, { initSync }, exports);\n})({ __proto__: null });";

    #[test]
    fn what_binds_stays_and_what_loads_gives_way_to_one_function() {
        let short = shorten(GLUE).expect("whole");
        for stays in ["/** Opens it. */", "function open() {}", "new TextEncoder()", "let WASM_VECTOR_LEN = 0;"] {
            assert!(short.contains(stays), "{stays} in {short}");
        }
        for goes in ["script_src", "old()", "__wbg_load", "initSync"] {
            assert!(!short.contains(goes), "{goes} in {short}");
        }
        assert!(short.contains("__wbg_finalize_init(instance)") && short.ends_with("})({ __proto__: null });\n"));
    }

    #[test]
    fn glue_of_another_make_is_refused() {
        for part in ["__wbg_load", "let script_src", "'encodeInto'", "let WASM_VECTOR_LEN"] {
            assert!(shorten(&GLUE.replace(part, "other")).is_err(), "without {part}");
        }
    }
}
