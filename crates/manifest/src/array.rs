//! Changes inside one array of a TOML text, character by character, so that everything else stays as it was.

use std::ops::Range;
use toml_edit::Array;

/// Where the parts of an array stand in the text.
pub(crate) struct Layout<'a> {
    text: &'a str,
    /// Between the brackets.
    inside: Range<usize>,
    pub elements: Vec<Element>,
}

pub(crate) struct Element {
    span: Range<usize>,
    comma: Option<usize>,
    /// The value, when it is a string.
    pub value: Option<String>,
}

/// A replacement of a part of the text.
pub(crate) type Splice = (Range<usize>, String);

impl<'a> Layout<'a> {
    /// `array` must come from a document parsed from `text`, whose spans are known.
    pub fn new(text: &'a str, array: &Array) -> Option<Self> {
        let span = array.span()?;
        let inside = span.start + 1..span.end - 1;
        let spans: Option<Vec<Range<usize>>> = array.iter().map(toml_edit::Value::span).collect();
        let spans = spans?;
        let mut elements = Vec::with_capacity(spans.len());
        for (i, value) in array.iter().enumerate() {
            let until = spans.get(i + 1).map_or(inside.end, |next| next.start);
            let comma = find_comma(text, spans[i].end..until);
            elements.push(Element { span: spans[i].clone(), comma, value: value.as_str().map(str::to_owned) });
        }
        Some(Self { text, inside, elements })
    }

    pub fn replace(&self, index: usize, value: &str) -> Splice {
        let span = self.elements[index].span.clone();
        let quote = self.text[span.clone()].chars().next().unwrap_or('"');
        (span, quoted(value, quote))
    }

    /// Inserts before the element `index`, or at the end.
    pub fn insert(&self, index: usize, value: &str) -> Vec<Splice> {
        let value = quoted(value, self.quote());
        match index.checked_sub(1) {
            None if self.elements.is_empty() => vec![self.insert_first(&value)],
            None => vec![self.insert_before_all(&value)],
            Some(previous) => self.insert_after(previous, &value),
        }
    }

    pub fn remove(&self, index: usize) -> Vec<Splice> {
        let element = &self.elements[index];
        let end = element.comma.map_or(element.span.end, |comma| comma + 1);
        let nothing_else =
            || self.only_spaces(self.inside.start..element.span.start) && self.only_spaces(end..self.inside.end);
        if self.elements.len() == 1 && nothing_else() {
            return vec![(self.inside.clone(), String::new())];
        }
        let last = index + 1 == self.elements.len();
        let previous = index.checked_sub(1).map(|i| &self.elements[i]);
        // The comma of the one before goes when the list had none at its end.
        let dangling = previous.filter(|_| last && element.comma.is_none()).and_then(|previous| previous.comma);
        let mut splices: Vec<Splice> = dangling.map(|comma| (comma..comma + 1, String::new())).into_iter().collect();
        let line_start = self.line_start(element.span.start);
        let alone = line_start >= self.inside.start && self.only_spaces(line_start..element.span.start);
        let before =
            dangling.or(previous.and_then(|previous| previous.comma)).map_or(self.inside.start, |comma| comma + 1);
        let gap = if self.only_spaces(before..element.span.start) { before } else { element.span.start };
        let range = match (self.newline_after(end), self.elements.get(index + 1)) {
            // The whole line, with the comment that speaks of it.
            (Some(newline), _) if alone => line_start..newline + 1,
            (Some(_), Some(next)) if index == 0 && self.only_spaces(end..next.span.start) => {
                element.span.start..next.span.start
            }
            (None, Some(next)) => element.span.start..next.span.start,
            (_, _) => gap..end,
        };
        splices.push((range, String::new()));
        splices
    }

    fn insert_first(&self, value: &str) -> Splice {
        let inside = &self.text[self.inside.clone()];
        match inside.rfind('\n') {
            Some(newline) => {
                let at = self.inside.start + newline + 1;
                (at..at, format!("{}{value},{}", self.indent(), self.newline()))
            }
            None => (self.inside.clone(), value.to_owned()),
        }
    }

    fn insert_before_all(&self, value: &str) -> Splice {
        match self.newline_after(self.inside.start) {
            Some(newline) => (newline + 1..newline + 1, format!("{}{value},{}", self.indent(), self.newline())),
            None => {
                let at = self.elements[0].span.start;
                (at..at, format!("{value}, "))
            }
        }
    }

    fn insert_after(&self, previous: usize, value: &str) -> Vec<Splice> {
        let element = &self.elements[previous];
        let end = element.comma.map_or(element.span.end, |comma| comma + 1);
        let last = previous + 1 == self.elements.len();
        // A comma on a later line than its value: the new value goes in front of it.
        let comma_apart = element.comma.is_some_and(|comma| self.text[element.span.end..comma].contains('\n'));
        if comma_apart {
            return vec![(element.span.end..element.span.end, format!(", {value}"))];
        }
        if let Some(newline) = self.newline_after(end) {
            let comma = if element.comma.is_some() { "," } else { "" };
            let line = format!("{}{value}{comma}{}", self.indent(), self.newline());
            let mut splices = vec![(newline + 1..newline + 1, line)];
            if element.comma.is_none() {
                splices.insert(0, (end..end, ",".to_owned()));
            }
            return splices;
        }
        let gap =
            if last && self.is_multi_line() { format!("{}{}", self.newline(), self.indent()) } else { " ".to_owned() };
        let text = if element.comma.is_some() { format!("{gap}{value},") } else { format!(",{gap}{value}") };
        vec![(end..end, text)]
    }

    fn is_multi_line(&self) -> bool {
        let gaps = self.elements.windows(2).map(|pair| pair[0].span.end..pair[1].span.start);
        let first = self.elements.first().map(|element| self.inside.start..element.span.start);
        first.into_iter().chain(gaps).any(|gap| self.text[gap].contains('\n'))
    }

    /// The white space in front of the first element that starts its line.
    fn indent(&self) -> String {
        let indents = self.elements.iter().filter_map(|element| {
            let start = self.line_start(element.span.start);
            let alone = start >= self.inside.start && self.only_spaces(start..element.span.start);
            alone.then(|| &self.text[start..element.span.start])
        });
        indents.map(str::to_owned).next().unwrap_or_else(|| "    ".to_owned())
    }

    fn quote(&self) -> char {
        let strings = self.elements.iter().filter(|element| element.value.is_some());
        strings.filter_map(|element| self.text[element.span.clone()].chars().next()).next().unwrap_or('"')
    }

    fn newline(&self) -> &'static str {
        if self.text[self.inside.clone()].contains("\r\n") { "\r\n" } else { "\n" }
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }

    fn only_spaces(&self, range: Range<usize>) -> bool {
        self.text[range].chars().all(char::is_whitespace)
    }

    /// The line break that follows `at`, when nothing but spaces and a comment stand between.
    fn newline_after(&self, at: usize) -> Option<usize> {
        let rest = &self.text[at..self.inside.end];
        let line = &rest[..rest.find('\n')?];
        let blank = line.trim_start();
        (blank.is_empty() || blank.starts_with('#')).then_some(at + line.len())
    }
}

fn find_comma(text: &str, range: Range<usize>) -> Option<usize> {
    let mut comment = false;
    for (i, byte) in text[range.clone()].bytes().enumerate() {
        match byte {
            b'#' => comment = true,
            b'\n' => comment = false,
            b',' if !comment => return Some(range.start + i),
            _ => {}
        }
    }
    None
}

/// A TOML string with the quotes that the array uses, where the value allows them.
fn quoted(value: &str, quote: char) -> String {
    let literal = |c: char| c != '\'' && (c == '\t' || !c.is_control());
    let plain = |c: char| c != '"' && c != '\\' && !c.is_control();
    if quote == '\'' && value.chars().all(literal) {
        format!("'{value}'")
    } else if value.chars().all(plain) {
        format!("\"{value}\"")
    } else if value.chars().all(literal) {
        format!("'{value}'")
    } else {
        toml_edit::Value::from(value).to_string()
    }
}
