//! Forms as a browser without script sees them: their fields with what stands in them, ready to be filled in and sent.

/// A form of a page.
#[derive(Clone, Debug)]
pub struct Form {
    /// Where it is sent.
    pub action: String,
    /// What would be sent.
    pub fields: Vec<(String, String)>,
    /// All names of its fields, also of those that would send nothing.
    pub names: Vec<String>,
}

impl Form {
    /// The form of the page whose action has this path.
    pub fn of(html: &str, path: &str) -> Self {
        let mut forms = html.split("<form").skip(1).map(|rest| rest.split("</form>").next().unwrap());
        let source = forms.find(|form| attribute(form, "action").split('?').next() == Some(path));
        let source = source.unwrap_or_else(|| panic!("no form for {path} in {html}"));
        assert_eq!(attribute(source, "method"), "post");
        let mut form = Self { action: attribute(source, "action"), fields: Vec::new(), names: Vec::new() };
        let mut select = String::new();
        for tag in source.split('<').skip(1) {
            let name = attribute(tag, "name");
            if tag.starts_with("select") {
                select.clone_from(&name);
            }
            if tag.starts_with("option") && has(tag, "selected") {
                form.set(&select, &attribute(tag, "value"));
            }
            if name.is_empty() {
                continue;
            }
            let value = attribute(tag, "value");
            if tag.starts_with("input") {
                let is_choice = matches!(attribute(tag, "type").as_str(), "radio" | "checkbox");
                if !is_choice || has(tag, "checked") {
                    form.set(&name, &value);
                }
            } else if tag.starts_with("textarea") {
                // A line break right after the tag is not part of the text.
                let text = tag.split_once('>').unwrap().1;
                form.set(&name, &unescape(text.strip_prefix('\n').unwrap_or(text)));
            }
            form.names.push(name);
        }
        form
    }

    /// Fills in a field.
    pub fn set(&mut self, name: &str, value: &str) {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
    }

    /// The same form with a field filled in.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        assert!(self.names.iter().any(|known| known == name), "the form has a field {name}");
        self.set(name, value);
        self
    }

    /// The same form with a field that sends nothing, such as a box that is not checked.
    pub fn without(mut self, name: &str) -> Self {
        assert!(self.names.iter().any(|known| known == name), "the form has a field {name}");
        self.fields.retain(|(known, _)| known != name);
        self
    }

    /// What stands in a field.
    pub fn get(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }
}

/// The text that this HTML shows. Ampersands come last, so that nothing is decoded twice.
pub fn unescape(html: &str) -> String {
    html.replace("&#60;", "<").replace("&#62;", ">").replace("&#34;", "\"").replace("&#39;", "'").replace("&#38;", "&")
}

fn attribute(tag: &str, name: &str) -> String {
    let head = tag.split('>').next().unwrap_or_default();
    let value = head.split(&format!(" {name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
    unescape(value.unwrap_or_default())
}

fn has(tag: &str, name: &str) -> bool {
    tag.split('>').next().unwrap_or_default().split_whitespace().any(|word| word == name)
}
