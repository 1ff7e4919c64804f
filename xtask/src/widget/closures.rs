//! Takes the shims of closures that nothing makes out of a bound module. wasm-bindgen learns what closures look like from functions that
//! describe them, and removes those; the shims that they point to stay in the table of functions, with all that only they need: forty for the
//! typed arrays of `js-sys` alone.

use anyhow::Context as _;
use walrus::{ElementItems, FunctionBuilder, FunctionId, Module};

/// What the mangled names of the shims have in common: `wasm_bindgen::convert::closures::…::invoke`.
const MODULE: &str = "12wasm_bindgen7convert8closures";
const FUNCTION: &str = "6invoke";

/// Removes the shims from the table. JavaScript calls those that are used by their exports, and nothing calls one by the table.
pub fn remove_unused(module: &mut Module) -> anyhow::Result<()> {
    let table = module.tables.main_function_table()?.context("the module has no table of functions")?;
    // Functions keep their places in the table, so another one has to stand there, which does nothing.
    let mut trap = FunctionBuilder::new(&mut module.types, &[], &[]);
    trap.func_body().unreachable();
    let trap = trap.finish(Vec::new(), &mut module.funcs);
    let is_shim = |function: &FunctionId| {
        let name = module.funcs.get(*function).name.as_deref().unwrap_or_default();
        name.contains(MODULE) && name.contains(FUNCTION)
    };
    for segment in &module.tables.get(table).elem_segments {
        if let ElementItems::Functions(functions) = &mut module.elements.get_mut(*segment).items {
            functions.iter_mut().filter(|function| is_shim(function)).for_each(|function| *function = trap);
        }
    }
    walrus::passes::gc::run(module);
    Ok(())
}

#[cfg(test)]
mod tests {
    use walrus::{ConstExpr, ElementKind, RefType, ValType, ir};

    use super::*;

    /// A module with a table of a shim, a function that only the shim calls, and another function.
    fn module() -> Module {
        let mut module = Module::default();
        let mut add = |name: &str, calls: Option<FunctionId>| {
            let mut function = FunctionBuilder::new(&mut module.types, &[], &[ValType::I32]);
            function.name(name.to_owned());
            match calls {
                Some(called) => function.func_body().call(called),
                None => function.func_body().i32_const(7),
            };
            function.finish(Vec::new(), &mut module.funcs)
        };
        let only_for_the_shim = add("only_for_the_shim", None);
        let shim =
            add("_RINvNvNvNtNtCs1_12wasm_bindgen7convert8closures1__1__6invokeuKb1_ECs2_3app", Some(only_for_the_shim));
        let stays = add("_RNvCs2_3app4stay", None);
        let table = module.tables.add_local(false, 2, Some(2), RefType::FUNCREF);
        let kind = ElementKind::Active { table, offset: ConstExpr::Value(ir::Value::I32(0)) };
        let segment = module.elements.add(kind, ElementItems::Functions(vec![shim, stays]));
        module.tables.get_mut(table).elem_segments.insert(segment);
        module.exports.add("table", table);
        module
    }

    fn names(module: &Module) -> Vec<&str> {
        module.funcs.iter().filter_map(|function| function.name.as_deref()).collect()
    }

    #[test]
    fn shims_go_with_what_only_they_need_and_others_keep_their_places() {
        let mut module = module();
        remove_unused(&mut module).expect("a table");
        assert_eq!(names(&module), ["_RNvCs2_3app4stay"]);
        let segment = module.elements.iter().next().expect("a segment");
        let ElementItems::Functions(functions) = &segment.items else { panic!("functions") };
        assert_eq!(functions.len(), 2);
        assert_eq!(module.funcs.get(functions[1]).name.as_deref(), Some("_RNvCs2_3app4stay"));
    }

    #[test]
    fn a_shim_that_is_exported_stays() {
        let mut module = module();
        let shim =
            module.funcs.iter().find(|function| function.name.as_deref().is_some_and(|name| name.contains(MODULE)));
        let shim = shim.expect("a shim").id();
        module.exports.add("invoke", shim);
        remove_unused(&mut module).expect("a table");
        assert_eq!(names(&module).len(), 3);
    }
}
