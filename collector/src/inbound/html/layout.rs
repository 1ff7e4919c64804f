//! Where the texts of a document stand on the page: on which line, in which cell.

/// Ends of lines that stand between two texts: one blank line is enough.
const NEWLINES_MAX: usize = 2;

/// A text as it grows. What parts two texts is written once the second one comes.
#[derive(Default)]
pub(super) struct Layout {
    text: String,
    newlines: usize,
    gap: String,
    has_bullet: bool,
    line_has_text: bool,
    row_has_text: bool,
    preformatted: usize,
    is_quoted: bool,
}

impl Layout {
    /// The whole text.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// Whether there is any text yet.
    pub(super) const fn says_something(&self) -> bool {
        !self.text.is_empty()
    }

    /// Says whether what follows is quoted: it begins on a line of its own.
    pub(super) fn quote(&mut self, is_quoted: bool) {
        if self.is_quoted != is_quoted {
            self.paragraph();
            (self.is_quoted, self.row_has_text) = (is_quoted, false);
        }
    }

    /// Adds a character of a text.
    pub(super) fn push(&mut self, c: char) {
        match c {
            '\0' => {}
            '\n' if self.preformatted > 0 => self.end_line(),
            ' ' | '\t' | '\n' | '\u{c}' | '\u{a0}' => {
                if self.preformatted > 0 || self.gap.is_empty() {
                    self.gap.push(if self.preformatted > 0 && c == '\t' { '\t' } else { ' ' });
                }
            }
            c => {
                self.part();
                self.text.push(c);
                (self.line_has_text, self.row_has_text) = (true, true);
            }
        }
    }

    /// Writes what stands between the text so far and what comes.
    fn part(&mut self) {
        let is_first = self.text.is_empty();
        let newlines = if is_first { 0 } else { self.newlines.min(NEWLINES_MAX) };
        self.text.extend(std::iter::repeat_n('\n', newlines));
        if self.is_quoted && (is_first || newlines > 0) {
            self.text.push_str("> ");
        }
        if std::mem::take(&mut self.has_bullet) {
            self.text.push_str("- ");
        }
        // Only in a preformatted text does a line begin with spaces.
        if self.preformatted > 0 || newlines == 0 && !is_first {
            self.text.push_str(&self.gap);
        }
        self.gap.clear();
        self.newlines = 0;
    }

    fn end_line(&mut self) {
        self.newlines += 1;
        self.line_has_text = false;
        self.gap.clear();
    }

    /// A block begins or ends: what follows is on a line of its own.
    fn block(&mut self) {
        if self.line_has_text {
            self.end_line();
        }
    }

    /// The same with a blank line, unless a cell has just begun.
    fn paragraph(&mut self) {
        self.block();
        if self.newlines > 0 {
            self.newlines = self.newlines.max(NEWLINES_MAX);
        }
    }

    fn row(&mut self) {
        self.block();
        self.row_has_text = false;
    }

    /// A cell begins: in the line of the one before it, whatever blocks that one had.
    fn cell(&mut self) {
        if self.row_has_text {
            (self.newlines, self.line_has_text) = (0, false);
            "\t".clone_into(&mut self.gap);
        }
    }

    /// An element begins.
    pub(super) fn start(&mut self, name: &str) {
        match name {
            "br" => self.end_line(),
            "td" | "th" => self.cell(),
            "li" => {
                self.block();
                self.has_bullet = true;
            }
            "pre" | "listing" => {
                self.paragraph();
                self.preformatted += 1;
            }
            _ => self.edge(name),
        }
    }

    /// An element ends.
    pub(super) fn end(&mut self, name: &str) {
        match name {
            // Browsers take it for one that begins.
            "br" => self.end_line(),
            "td" | "th" if self.gap.is_empty() => self.gap.push(' '),
            "li" => {
                self.block();
                self.has_bullet = false;
            }
            "pre" | "listing" => {
                self.paragraph();
                self.preformatted = self.preformatted.saturating_sub(1);
            }
            _ => self.edge(name),
        }
    }

    /// What is the same where an element begins and where it ends.
    fn edge(&mut self, name: &str) {
        match name {
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "blockquote" | "hr" => self.paragraph(),
            "table" | "caption" | "thead" | "tbody" | "tfoot" | "tr" => self.row(),
            "address" | "article" | "aside" | "body" | "center" | "dd" | "details" | "dialog" | "dir" | "div"
            | "dl" | "dt" | "fieldset" | "figcaption" | "figure" | "footer" | "form" | "header" | "html" | "legend"
            | "main" | "menu" | "nav" | "ol" | "optgroup" | "option" | "section" | "select" | "summary"
            | "textarea" | "ul" => {
                self.block();
            }
            _ => {}
        }
    }
}
