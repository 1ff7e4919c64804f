//! Our packages for npm, as they would be published: what is in them, what tools say that know how packages go wrong, what TypeScript takes of
//! them, what a server makes of them, and what their functions do in a page.

use std::collections::BTreeSet;

use sayso_tests::Database;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::Page;
use sayso_tests::stage::{Stage, complain_in_widget};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::website::run;
use crate::{WIDGET, folder, node};

/// Every file that somebody gets who installs a package.
const FILES: [(&str, &[&str]); 3] = [
    (
        "widget",
        &[
            "commands.d.ts",
            "commands.js",
            "components.d.ts",
            "components.js",
            "element.d.ts",
            "events.d.ts",
            "index.d.ts",
            "index.js",
            "jsx.d.ts",
            "jsx.js",
            "load.d.ts",
            "load.js",
            "mount.d.ts",
            "mount.js",
            "queue.js",
        ],
    ),
    ("react", &["index.d.ts", "index.js"]),
    ("vue", &["index.d.ts", "index.js"]),
];

/// What npm said of each package when it packed it.
fn packed() -> impl Iterator<Item = (Value, &'static [&'static str])> {
    FILES.into_iter().map(|(name, files)| {
        let said = std::fs::read_to_string(folder().join("packed").join(name).with_extension("json")).unwrap();
        (serde_json::from_str::<Value>(&said).unwrap()[0].take(), files)
    })
}

#[test]
fn nothing_more_and_nothing_less_is_published() {
    for (package, files) in packed() {
        let found = package["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap());
        let always = ["LICENSE", "README.md", "package.json"];
        let expected: BTreeSet<&str> = files.iter().copied().chain(always).collect();
        assert_eq!(found.collect::<BTreeSet<_>>(), expected, "{}", package["name"]);
    }
}

/// publint and "Are the types wrong?" find what works on the author's machine only.
#[tokio::test(flavor = "multi_thread")]
async fn the_linters_of_packages_find_nothing() {
    let modules = folder().join("node_modules");
    for (package, _) in packed() {
        let tarball = folder().join("packed").join(package["filename"].as_str().unwrap());
        let publint = modules.join("publint/src/cli.js");
        run(Command::new(node()).arg(publint).arg("--strict").arg(&tarball)).await;
        // Modules only, which every supported Node.js reads.
        let attw = modules.join("@arethetypeswrong/cli/dist/index.js");
        run(Command::new(node()).arg(attw).arg(&tarball).args(["--profile", "esm-only"])).await;
    }
}

/// The files say themselves what has to be refused, by `@ts-expect-error`.
#[tokio::test(flavor = "multi_thread")]
async fn types_take_what_is_right_and_refuse_what_is_wrong() {
    let compiler = folder().join("node_modules/typescript/lib/tsc.js");
    for project in ["tsconfig.json", "tsconfig.jsx.json"] {
        let project = folder().join("types").join(project);
        run(Command::new(node()).arg(&compiler).args(["--noEmit", "--strict", "--project"]).arg(project)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_render_what_is_there_before_the_form() {
    let element = "<a href=\"/s/acme\">Tell us</a></sayso-feedback>";
    for script in ["server.bundle.cjs", "server-18.bundle.cjs", "server.mjs"] {
        let html = run(Command::new(node()).arg(folder().join(script))).await;
        assert!(html.contains("<sayso-feedback") && html.contains(element), "{script}: {html}");
        assert!(html.contains("class=\"form\"") && html.contains("kind=\"complaint\""), "{script}: {html}");
    }
}

/// The package's own files in a page, without a bundler.
async fn open_module(browser: &Browser, stage: &Stage) {
    browser.driver.goto(stage.company.url("module")).await.unwrap();
    browser.wait_for("the module", "window.widget").await;
}

fn module_page(before: &str) -> Page {
    let html = format!(
        "<!doctype html><title>Acme Home</title>{before}\
         <script type=module>import * as widget from '/packages/widget/index.js'; Object.assign(window, {{ widget }})</script>"
    );
    Page { others: [("module".to_owned(), html)].into(), ..Page::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_function_does_what_its_command_does() {
    let stage = Stage::open(Database::Sqlite, module_page(""), |_| {}).await;
    let browser = Browser::start(Setup::default()).await;
    open_module(&browser, &stage).await;
    let load =
        format!("widget.load({{ url: '{}/', site: 'acme', launcher: 'tab', errors: true }})", stage.collector.url);
    let begin = format!(
        "window.heard = []; for (const name of ['ready', 'open', 'close', 'submitted']) widget.on(name, event => heard.push(event.type));\
         widget.set({{ theme: 'dark', lang: undefined }}); return [{load}, {load}, document.querySelectorAll('script[data-site]').length,\
         document.querySelector('script[data-site]').dataset.errors]"
    );
    assert_eq!(browser.run(&begin).await, json!([true, false, 1, ""]), "it is loaded once");
    browser.find_in_widget(".launcher.tab").await;
    let is_open = format!("{WIDGET}.querySelector('#panel')?.hidden === false");
    browser
        .run("widget.open({ kind: 'praise', message: 'Thanks.' }); widget.identify({ email: 'li.lei@example.com' })")
        .await;
    browser.wait_for("the kind", &format!("{WIDGET}.querySelector('input[value=praise]')?.checked")).await;
    browser.wait_for("the dark form", &format!("{WIDGET}.querySelector('#panel.dark')")).await;
    complain_in_widget(&browser).await;
    assert_eq!(stage.cases().await, 1);
    browser.run("widget.close()").await;
    browser.wait_for("it is closed", &format!("!({is_open})")).await;
    browser.run("widget.toggle()").await;
    browser.wait_for("it is open", &is_open).await;
    browser.run("widget.survey('yearly-2026')").await;
    browser.find_in_widget("#survey").await;
    let heard = json!(["sayso:ready", "sayso:open", "sayso:submitted", "sayso:close", "sayso:open"]);
    assert_eq!(browser.run("return heard").await, heard);

    let gone = "widget.sayso('destroy'); return [document.querySelector('sayso-widget, script[data-site]'), 'Sayso' in window]";
    assert_eq!(browser.run(gone).await, json!([null, false]));
    assert_eq!(browser.run(&format!("return {load}")).await, json!(true), "it may come again");
    browser.find_in_widget(".launcher.tab").await;
    let other = format!("return widget.load({{ url: '{}', site: 'other' }})", stage.collector.url);
    assert_eq!(browser.run(&other).await, json!(true), "another site takes its place");
    browser.wait_for("the other tag", "document.querySelectorAll('script[data-site]').length === 1").await;
    browser.stop().await;
}

/// As React's strict mode does, and two layouts of which each has the component.
#[tokio::test(flavor = "multi_thread")]
async fn what_goes_and_comes_in_one_moment_stays() {
    let stage = Stage::open(Database::Sqlite, module_page(""), |_| {}).await;
    let browser = Browser::start(Setup::default()).await;
    open_module(&browser, &stage).await;
    let mount = |site: &str| format!("widget.mount({{ url: '{}', site: '{site}' }})", stage.collector.url);
    browser.run(&format!("window.mounted = {}", mount("acme"))).await;
    browser.find_in_widget(".launcher").await;
    let again = format!(
        "window.host = document.querySelector('sayso-widget'); mounted.unmount(); window.next = {};\
         return Promise.resolve().then(() => host.isConnected)",
        mount("acme")
    );
    assert_eq!(browser.run(&again).await, json!(true), "with what somebody is writing in it");
    let other = format!("next.unmount(); window.last = {}; return host.isConnected", mount("other"));
    assert_eq!(browser.run(&other).await, json!(false), "another site takes its place");
    browser.find_in_widget(".launcher").await;
    let left = "document.querySelector('sayso-widget, script[data-site]')";
    let gone = format!("last.unmount(); return Promise.resolve().then(() => [{left}, 'Sayso' in window])");
    assert_eq!(browser.run(&gone).await, json!([null, false]));
    browser.stop().await;
}

/// A page that requires trusted types gets the widget where it names our policy, and goes on where it does not.
#[tokio::test(flavor = "multi_thread")]
async fn trusted_types() {
    let mut page = module_page("");
    let html = page.others.remove("module").unwrap();
    page.others.insert(
        "module.js".to_owned(),
        "import * as widget from '/packages/widget/index.js'; Object.assign(window, { widget })".to_owned(),
    );
    let html = html.split("<script").next().unwrap().to_owned() + "<script type=module src=/module.js></script>";
    for (name, policies) in [("named", "sayso"), ("none", "'none'")] {
        let policy = format!(
            "default-src 'none'; script-src 'self' {{collector}} 'wasm-unsafe-eval'; connect-src {{collector}}; \
             require-trusted-types-for 'script'; trusted-types {policies}"
        );
        page.others.insert(name.to_owned(), format!("<!-- Content-Security-Policy: {policy} -->\n{html}"));
    }
    let stage = Stage::open(Database::Sqlite, page, |_| {}).await;
    let browser = Browser::start(Setup::default()).await;
    let load = format!("return widget.load({{ url: '{}', site: 'acme' }})", stage.collector.url);
    for (name, comes) in [("none", false), ("named", true)] {
        browser.driver.goto(stage.company.url(name)).await.unwrap();
        browser.wait_for("the module", "window.widget").await;
        assert_eq!(browser.run(&load).await, json!(comes), "{name}");
    }
    browser.find_in_widget(".launcher").await;
    browser.run("widget.open()").await;
    complain_in_widget(&browser).await;
    browser.stop().await;
}

/// Whoever asks for one function does not load the others.
#[tokio::test(flavor = "multi_thread")]
async fn bundlers_leave_out_what_nobody_asks_for() {
    let bundle = async |import: &str| {
        let entry = tempfile::Builder::new().suffix(".js").tempfile_in(folder()).unwrap();
        std::fs::write(entry.path(), format!("import {{ {import} }} from '@sayso/widget'; {import}()")).unwrap();
        let esbuild = folder().join("node_modules/.bin/esbuild");
        run(Command::new(esbuild).arg(entry.path()).args(["--bundle", "--minify", "--format=esm"])).await
    };
    let (open, mount) = (bundle("open").await, bundle("mount").await);
    assert!(mount.contains("integrity") && mount.contains("reference"));
    assert!(
        !open.contains("integrity") && !open.contains("reference") && open.len() < 700,
        "{} bytes: {open}",
        open.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn components_say_only_what_has_changed() {
    // A tag that is there already, and a function that notes what it is told.
    let page = module_page(
        "<script type=text/plain src={collector}/sayso.js data-site=acme></script>\
         <script src=/note.js></script>",
    );
    let mut page = page;
    page.others
        .insert("note.js".to_owned(), "window.told = []; window.Sayso = (...call) => told.push(call)".to_owned());
    let stage = Stage::open(Database::Sqlite, page, |_| {}).await;
    let browser = Browser::start(Setup::default()).await;
    open_module(&browser, &stage).await;
    let told = async |script: &str| browser.run(&format!("told.length = 0; {script}; return told")).await;
    let options = format!("{{ url: '{}', site: 'acme' }}", stage.collector.url);

    let mount = format!("window.mounted = widget.mount({options}); mounted.update({{ user: null }})");
    assert_eq!(told(&mount).await, json!([]), "nobody is forgotten, with their draft, because a page has come");
    let update = async |wishes: &str| told(&format!("mounted.update({wishes})")).await;
    assert_eq!(update("{ user: 'token 1' }").await, json!([["identify", "token 1"]]));
    assert_eq!(update("{ user: 'token 1' }").await, json!([]));
    assert_eq!(update("{ user: 'token 2' }").await, json!([["identify", "token 2"]]), "a new token forgets nobody");
    let named = "{ user: { name: 'Li Lei' }, lang: 'de', reference: 'A-1', context: { cart: 3 } }";
    let said = json!([
        ["identify", {"name": "Li Lei"}],
        ["set", {"lang": "de", "reference": "A-1", "context": {"cart": 3}}]
    ]);
    assert_eq!(update(named).await, said);
    assert_eq!(update(named).await, json!([]), "an object that says the same is no news");
    let within =
        format!("window.wishes = {named}; mounted.update(wishes); wishes.context.cart = 4; mounted.update(wishes)");
    let changed = json!([["set", {"context": {"cart": 4}}]]);
    assert_eq!(told(&within).await, changed, "what is within the same object counts");
    let less = "{ user: null, context: { step: 2 } }";
    assert_eq!(update(less).await[0], json!(["identify", null]));
    let kept = "return [told[1][1].reference, Object.entries(told[1][1].context).map(([name, value]) => [name, value ?? null]), 'lang' in told[1][1]]";
    assert_eq!(
        browser.run(kept).await,
        json!([null, [["cart", null], ["step", 2]], false]),
        "what is gone is taken back"
    );

    // Strict mode, and pages that each have the component.
    let again = format!("mounted.unmount(); window.next = widget.mount({options}); mounted.unmount(); await 0");
    let run = format!(
        "return (async () => {{ told.length = 0; {again}; return [told, document.querySelectorAll('script[data-site]').length] }})()"
    );
    assert_eq!(browser.run(&run).await, json!([[["set", {"context": {"step": null}}]], 1]));
    let kept = "next.unmount(); return Promise.resolve().then(() => [told, Boolean(document.querySelector('script[data-site]'))])";
    assert_eq!(told(kept).await, json!([[], true]), "the page's own tag stays");
    browser.stop().await;
}
