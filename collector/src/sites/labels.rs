//! What the parts of a site are called for people.

use sayso_shared::Lang;

use super::Site;
use super::texts::best;

/// What a category is called in a language; its key if it has been removed since.
pub fn category_label(lang: Lang, site: Option<&Site>, key: Option<&str>) -> Option<String> {
    let key = key?;
    let category = site.and_then(|site| site.settings.categories.iter().find(|category| category.key == key));
    let main = site.and_then(|site| site.settings.languages.first());
    let label = category.and_then(|category| best(&category.label, lang, main));
    Some(label.unwrap_or(key).to_owned())
}
