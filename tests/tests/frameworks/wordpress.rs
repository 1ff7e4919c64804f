//! WordPress, with the example in its theme, and with the plugin.

use std::path::Path;

use sayso_tests::browser::{Browser, Setup};
use sayso_tests::stage::{click_in_widget, complain_in_widget};
use serde_json::json;
use tokio::process::Command;

use crate::website::{Ground, Website, run};
use crate::{examples, folder};

/// Unpacks WordPress, which lives in SQLite here and is installed already, and makes it a Chinese shop's.
const INSTALL: &str = r#"
[, $archives, $root, $address] = $argv;
foreach (['wp-6.5.zip' => $root, 'sqlite-database-integration.zip' => "$root/wp-content/plugins"] as $archive => $to) {
    $zip = new ZipArchive;
    $zip->open("$archives/$archive") === true && $zip->extractTo($to) or exit("$archive cannot be read");
}
$plugin = "$root/wp-content/plugins/sqlite-database-integration-main";
$place = ['{SQLITE_IMPLEMENTATION_FOLDER_PATH}' => $plugin, '{SQLITE_PLUGIN}' => 'sqlite-database-integration-main/load.php'];
file_put_contents("$root/wp-content/db.php", strtr(file_get_contents("$plugin/db.copy"), $place));
$config = file_get_contents("$root/wp-config-sample.php");
$addresses = "define('WP_HOME', '$address'); define('WP_SITEURL', '$address'); define('DISABLE_WP_CRON', true);\n";
file_put_contents("$root/wp-config.php", str_replace('/* That', $addresses . '/* That', $config));
// A language counts as installed when it has a file, be it an empty one.
mkdir("$root/wp-content/languages");
touch("$root/wp-content/languages/zh_CN.mo");
$_SERVER['HTTP_HOST'] = parse_url($address, PHP_URL_HOST) . ':' . parse_url($address, PHP_URL_PORT);
require "$root/wp-load.php";
update_option('blogname', 'Acme Home');
update_option('WPLANG', 'zh_CN');
"#;

/// PHP, without what the system's settings say.
fn php() -> Command {
    let mut php = Command::new(std::env::var_os("SAYSO_TEST_PHP").expect("`cargo xtask test frameworks` sets it"));
    php.args(["-d", "display_errors=stderr", "-d", "memory_limit=512M"]);
    php
}

/// Installs the plugin from its zip, as the console of WordPress does, and sets it up.
const PLUGIN: &str = r#"
[, $archive, $root, $address, $collector] = $argv;
$zip = new ZipArchive;
$zip->open($archive) === true && $zip->extractTo("$root/wp-content/plugins") or exit("$archive cannot be read");
$_SERVER['HTTP_HOST'] = parse_url($address, PHP_URL_HOST) . ':' . parse_url($address, PHP_URL_PORT);
require "$root/wp-load.php";
require_once "$root/wp-admin/includes/plugin.php";
$failed = activate_plugin('sayso-feedback/sayso-feedback.php');
if (is_wp_error($failed)) exit($failed->get_error_message());
do_action('admin_init');
$data = get_plugin_data("$root/wp-content/plugins/sayso-feedback/sayso-feedback.php");
foreach (['Name', 'Version', 'RequiresWP', 'RequiresPHP', 'TextDomain', 'Author', 'Description'] as $header) $data[$header] or exit("no header $header");
update_option('sayso_feedback_collector', " $collector/some/path ");
update_option('sayso_feedback_site', '<b>ACME</b>');
get_option('sayso_feedback_collector') === $collector or exit('the address was not cleaned');
get_option('sayso_feedback_site') === 'bacmeb' or exit('the key was not cleaned');
update_option('sayso_feedback_site', 'acme');
wp_insert_post(['post_title' => 'Help', 'post_name' => 'help', 'post_type' => 'page', 'post_status' => 'publish', 'post_content' => '[sayso_feedback kind="question"]']);
$page = get_page_by_path('help');
update_option('show_on_front', 'page');
update_option('page_on_front', $page->ID);
"#;

fn append_to_theme(root: &Path, ground: &Ground) {
    let example = std::fs::read_to_string(examples().join("tag-manager/functions.php")).unwrap();
    let theme = root.join("wp-content/themes/twentytwentyfour/functions.php");
    let mut functions = std::fs::read_to_string(&theme).unwrap();
    functions.push_str(ground.fill_in(&example).trim_start_matches("<?php"));
    std::fs::write(theme, functions).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_theme_brings_the_tag() {
    let ground = Ground::prepare().await;
    let root = tempfile::tempdir().unwrap();
    run(php().args(["-r", INSTALL, "--"]).arg(folder()).arg(root.path()).arg(&ground.origin)).await;
    append_to_theme(root.path(), &ground);
    let address = format!("localhost:{}", ground.port);
    let website = Website::start(php().args(["-S", &address, "-t"]).arg(root.path()), &ground).await;

    let browser = Browser::start(Setup::default()).await;
    browser.driver.goto(&ground.origin).await.unwrap();
    assert!(browser.driver.title().await.unwrap().contains("Acme Home"));
    click_in_widget(&browser, "[part=launcher]").await;
    complain_in_widget(&browser).await;
    let tag = "const tag = document.querySelector('script[data-site]'); return [tag.async, tag.dataset.site, tag.dataset.lang]";
    assert_eq!(browser.run(tag).await, json!([true, "acme", "zh-CN"]));
    assert_eq!(browser.run("return document.querySelector('sayso-widget').lang").await, json!("zh-Hans"));
    drop(website);
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plugin_brings_the_tag_and_a_form_in_a_page() {
    let ground = Ground::prepare().await;
    let root = tempfile::tempdir().unwrap();
    run(php().args(["-r", INSTALL, "--"]).arg(folder()).arg(root.path()).arg(&ground.origin)).await;
    let plugin = std::env::var_os("SAYSO_TEST_WORDPRESS_PLUGIN").expect("`cargo xtask test frameworks` sets it");
    run(php().args(["-r", PLUGIN, "--"]).arg(plugin).arg(root.path()).args([&ground.origin, &ground.collector.url]))
        .await;
    let address = format!("localhost:{}", ground.port);
    let website = Website::start(php().args(["-S", &address, "-t"]).arg(root.path()), &ground).await;

    let browser = Browser::start(Setup::default()).await;
    browser.driver.goto(&ground.origin).await.unwrap();
    let there =
        "document.querySelector('sayso-feedback').shadowRoot?.querySelector('div')?.shadowRoot?.querySelector('#send')";
    browser.wait_for("the form in the page", there).await;
    let question = "document.querySelector('sayso-feedback').shadowRoot.querySelector('div').shadowRoot.querySelector('[value=question]').checked";
    browser.wait_for("a question", question).await;
    let tag = "const tag = document.querySelector('script[data-site]'); return [tag.async, tag.dataset.site, tag.dataset.lang]";
    assert_eq!(browser.run(tag).await, json!([true, "acme", "zh-CN"]));
    drop(website);
    browser.stop().await;
}
