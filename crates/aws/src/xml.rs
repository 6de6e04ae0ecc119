//! A reader for the XML that AWS answers: a cursor over the page's own bytes that descends only where
//! it is asked to and skips the rest without looking at names.
//!
//! It reads elements, text, entities, CDATA, comments and processing instructions; it refuses document
//! type declarations (AWS sends none) and nesting deeper than 128. Text and names borrow from the page.

use std::borrow::Cow;

use memchr::{memchr, memmem};

const MAX_DEPTH: usize = 128;

/// What is wrong with a page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// The bytes are not UTF-8.
    #[error("not UTF-8 after byte {0}")]
    NotUtf8(usize),
    /// The page ends in the middle of an element.
    #[error("the answer ends in the middle, at byte {0}")]
    Truncated(usize),
    /// An end tag that closes something else than what is open.
    #[error("`</{found}>` at byte {at} where `</{expected}>` was expected")]
    Mismatch {
        /// Where.
        at: usize,
        /// The element that is open.
        expected: String,
        /// The end tag that came.
        found: String,
    },
    /// Anything else that is no XML, or none that AWS sends.
    #[error("{what} at byte {at}")]
    Unexpected {
        /// Where.
        at: usize,
        /// What.
        what: &'static str,
    },
}

type Result<T> = std::result::Result<T, XmlError>;

/// A position in a page.
#[derive(Debug)]
pub struct Cursor<'a> {
    text: &'a str,
    at: usize,
    open: Vec<&'a str>,
    /// The element entered last was `<self-closed/>`: its end is due without any bytes.
    closed: bool,
}

impl<'a> Cursor<'a> {
    /// A cursor before the root element.
    pub fn new(page: &'a [u8]) -> Result<Self> {
        let text =
            std::str::from_utf8(page).map_err(|error| XmlError::NotUtf8(error.valid_up_to()))?;
        Ok(Self { text, at: 0, open: Vec::with_capacity(16), closed: false })
    }

    /// Enters the next child of the current element and gives its local name; leaves the current
    /// element and gives none when it has no further child. Text between children is passed over.
    ///
    /// Before the root, the root is the only child; after it, only white space and comments may follow.
    pub fn child(&mut self) -> Result<Option<&'a str>> {
        if self.closed {
            self.leave();
            return Ok(None);
        }
        loop {
            let Some(tag) = self.next_tag()? else { return Ok(None) };
            match tag {
                Tag::Start { name, empty } => {
                    self.enter(name, empty)?;
                    return Ok(Some(local(name)));
                }
                Tag::End { name, at } => {
                    self.close(name, at)?;
                    return Ok(None);
                }
                Tag::Other => {}
            }
        }
    }

    /// Whether the current element has text alone, or nothing at all.
    pub fn is_leaf(&self) -> bool {
        let rest = &self.text.as_bytes()[self.at..];
        self.closed || memchr(b'<', rest).is_none_or(|tag| rest.get(tag + 1) == Some(&b'/'))
    }

    /// The text of the current element, unescaped, and leaves it. Child elements are passed over.
    pub fn text(&mut self) -> Result<Cow<'a, str>> {
        if self.closed {
            self.leave();
            return Ok(Cow::Borrowed(""));
        }
        let start = self.at;
        let end = self.find(b'<', start)?;
        if self.text.as_bytes().get(end + 1) == Some(&b'/') {
            let text = unescape(&self.text[start..end], start)?;
            self.at = end;
            self.child()?;
            return Ok(text);
        }
        self.mixed_text()
    }

    /// Passes over the current element with all it contains.
    pub fn skip(&mut self) -> Result<()> {
        if self.closed {
            self.leave();
            return Ok(());
        }
        let mut depth = 0usize;
        loop {
            let Some(tag) = self.next_tag()? else { return Err(self.truncated()) };
            match tag {
                Tag::Start { empty: false, .. } => depth += 1,
                Tag::Start { .. } | Tag::Other => {}
                Tag::End { name, at } if depth == 0 => return self.close(name, at),
                Tag::End { .. } => depth -= 1,
            }
        }
    }

    /// Enters the root and checks its name.
    pub fn root(&mut self, name: &str) -> Result<()> {
        match self.child()? {
            Some(found) if found == name => Ok(()),
            Some(_) => Err(XmlError::Unexpected { at: self.at, what: "another root element" }),
            None => Err(self.truncated()),
        }
    }

    /// Checks that nothing but white space and comments follows the root.
    pub fn end(&mut self) -> Result<()> {
        match self.child()? {
            None if self.open.is_empty() => Ok(()),
            _ => {
                Err(XmlError::Unexpected { at: self.at, what: "something after the root element" })
            }
        }
    }

    /// Text around comments, CDATA sections and child elements: rare, so slow and simple.
    fn mixed_text(&mut self) -> Result<Cow<'a, str>> {
        let mut text = String::new();
        loop {
            let start = self.at;
            let end = self.find(b'<', start)?;
            text.push_str(&unescape(&self.text[start..end], start)?);
            self.at = end;
            if let Some(section) = self.text[end..].strip_prefix("<![CDATA[") {
                let length = section.find("]]>").ok_or_else(|| self.truncated())?;
                text.push_str(&section[..length]);
            }
            match self.next_tag()? {
                None => return Err(self.truncated()),
                Some(Tag::Other) => {}
                Some(Tag::Start { name, empty }) => {
                    self.enter(name, empty)?;
                    self.skip()?;
                }
                Some(Tag::End { name, at }) => {
                    self.close(name, at)?;
                    return Ok(Cow::Owned(text));
                }
            }
        }
    }

    fn enter(&mut self, name: &'a str, empty: bool) -> Result<()> {
        if self.open.len() >= MAX_DEPTH {
            return Err(XmlError::Unexpected { at: self.at, what: "nesting deeper than 128" });
        }
        self.open.push(name);
        self.closed = empty;
        Ok(())
    }

    fn leave(&mut self) {
        self.closed = false;
        self.open.pop();
    }

    fn close(&mut self, name: &str, at: usize) -> Result<()> {
        match self.open.pop() {
            Some(open) if open == name => Ok(()),
            Some(open) => {
                Err(XmlError::Mismatch { at, expected: open.to_owned(), found: name.to_owned() })
            }
            None => Err(XmlError::Unexpected { at, what: "an end tag without its start" }),
        }
    }

    /// The next tag at or after the cursor, which moves behind it; none at the end of the page.
    fn next_tag(&mut self) -> Result<Option<Tag<'a>>> {
        let bytes = self.text.as_bytes();
        let found = memchr(b'<', &bytes[self.at..]).map(|offset| self.at + offset);
        if self.open.is_empty() {
            let around = &bytes[self.at..found.unwrap_or(bytes.len())];
            if !around.trim_ascii().is_empty() {
                return Err(XmlError::Unexpected {
                    at: self.at,
                    what: "text outside the root element",
                });
            }
        }
        let Some(start) = found else {
            return if self.open.is_empty() { Ok(None) } else { Err(self.truncated()) };
        };
        match bytes.get(start + 1) {
            None => Err(self.truncated()),
            Some(b'/') => {
                let end = self.find(b'>', start)?;
                self.at = end + 1;
                let name = self.text[start + 2..end].trim_ascii_end();
                Ok(Some(Tag::End { name, at: start }))
            }
            Some(b'!') => self.declaration(start).map(Some),
            Some(b'?') => self.pass(start, "?>").map(Some),
            Some(_) => self.start_tag(start).map(Some),
        }
    }

    fn start_tag(&mut self, start: usize) -> Result<Tag<'a>> {
        let end = self.tag_end(start + 1)?;
        self.at = end + 1;
        let inside = &self.text[start + 1..end];
        let (inside, empty) = match inside.strip_suffix('/') {
            Some(inside) => (inside, true),
            None => (inside, false),
        };
        let length = inside.bytes().position(|b| b.is_ascii_whitespace()).unwrap_or(inside.len());
        if length == 0 {
            return Err(XmlError::Unexpected { at: start, what: "a tag without a name" });
        }
        Ok(Tag::Start { name: &inside[..length], empty })
    }

    /// The `>` that ends a start tag: one inside a quoted attribute does not.
    fn tag_end(&self, from: usize) -> Result<usize> {
        let bytes = self.text.as_bytes();
        let mut at = from;
        loop {
            match bytes.get(at) {
                None => return Err(self.truncated()),
                Some(b'>') => return Ok(at),
                Some(b'<') => return Err(XmlError::Unexpected { at, what: "`<` inside a tag" }),
                Some(quote @ (b'"' | b'\'')) => at = self.find(*quote, at + 1)? + 1,
                Some(_) => at += 1,
            }
        }
    }

    fn declaration(&mut self, start: usize) -> Result<Tag<'a>> {
        let rest = &self.text[start..];
        if rest.starts_with("<!--") {
            self.pass(start, "-->")
        } else if rest.starts_with("<![CDATA[") && !self.open.is_empty() {
            self.pass(start, "]]>")
        } else if "<!--".starts_with(rest) || "<![CDATA[".starts_with(rest) {
            Err(self.truncated())
        } else {
            Err(XmlError::Unexpected { at: start, what: "a document type declaration" })
        }
    }

    fn pass(&mut self, start: usize, end: &str) -> Result<Tag<'a>> {
        let bytes = &self.text.as_bytes()[start..];
        let offset = memmem::find(bytes, end.as_bytes()).ok_or_else(|| self.truncated())?;
        self.at = start + offset + end.len();
        Ok(Tag::Other)
    }

    fn find(&self, byte: u8, from: usize) -> Result<usize> {
        let bytes = self.text.as_bytes().get(from..).unwrap_or_default();
        memchr(byte, bytes).map(|offset| from + offset).ok_or_else(|| self.truncated())
    }

    const fn truncated(&self) -> XmlError {
        XmlError::Truncated(self.text.len())
    }
}

enum Tag<'a> {
    Start {
        name: &'a str,
        empty: bool,
    },
    End {
        name: &'a str,
        at: usize,
    },
    /// A comment, a CDATA section, a processing instruction.
    Other,
}

fn local(name: &str) -> &str {
    memchr(b':', name.as_bytes()).map_or(name, |colon| &name[colon + 1..])
}

/// Replaces entities and character references; borrows when there is none.
fn unescape(text: &str, at: usize) -> Result<Cow<'_, str>> {
    if memchr(b'&', text.as_bytes()).is_none() {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(amp) = memchr(b'&', rest.as_bytes()) {
        out.push_str(&rest[..amp]);
        let unknown = XmlError::Unexpected { at, what: "an entity that XML does not define" };
        let (entity, after) = rest[amp + 1..].split_once(';').ok_or_else(|| unknown.clone())?;
        out.push(character(entity).ok_or(unknown)?);
        rest = after;
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

fn character(entity: &str) -> Option<char> {
    match entity {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = entity.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            code.ok().and_then(char::from_u32)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use quick_xml::events::Event;

    use super::*;

    /// Every element's path with its text, in the order of their ends.
    fn walk(page: &[u8]) -> Result<Vec<String>> {
        fn inside(xml: &mut Cursor<'_>, path: &str, out: &mut Vec<String>) -> Result<()> {
            while let Some(name) = xml.child()? {
                let path = format!("{path}/{name}");
                out.push(path.clone());
                inside(xml, &path, out)?;
            }
            Ok(())
        }
        let mut xml = Cursor::new(page)?;
        let mut out = Vec::new();
        inside(&mut xml, "", &mut out)?;
        xml.end()?;
        Ok(out)
    }

    #[test]
    fn children_text_and_skipping() {
        let page = br#"<?xml version="1.0"?><!-- c --><r xmlns="http://x/>"><a>1 &lt; &#x32;</a><b/><c><d>x</d><d/></c>
            <e>one<!-- two -->, <![CDATA[<three>]]></e><f x='>'>t</f></r>"#;
        let mut xml = Cursor::new(page).unwrap();
        xml.root("r").unwrap();
        let mut seen = Vec::new();
        while let Some(name) = xml.child().unwrap() {
            if name == "c" {
                xml.skip().unwrap();
            } else {
                seen.push(format!("{name}={}", xml.text().unwrap()));
            }
        }
        xml.end().unwrap();
        assert_eq!(seen, ["a=1 < 2", "b=", "e=one, <three>", "f=t"]);
    }

    #[test]
    fn a_page_cut_anywhere_is_an_error() {
        let page = b"<?xml version=\"1.0\"?>\n<r a=\"1\"><a>1</a><b/><c><d>x &amp; y</d><!-- c --></c></r>";
        assert!(walk(page).is_ok());
        for length in 0..page.len() {
            let cut = &page[..length];
            let mut xml = Cursor::new(cut).unwrap();
            let read = xml.root("r").and_then(|()| xml.skip()).and_then(|()| xml.end());
            assert!(read.is_err(), "{:?}", String::from_utf8_lossy(cut));
        }
    }

    #[test]
    fn what_is_no_xml_is_refused() {
        let deep = "<a>".repeat(200);
        let bad: [&[u8]; 11] = [
            b"<a></b>",
            b"</a>",
            b"<a><b></a></b>",
            b"<!DOCTYPE a><a/>",
            b"<>x</>",
            b"<a/><b",
            b"<a>\xff</a>",
            b"junk<a/>",
            b"<a/>junk",
            b"< a/>",
            deep.as_bytes(),
        ];
        for page in bad {
            assert!(walk(page).is_err(), "{:?}", String::from_utf8_lossy(page));
        }
        for entity in ["&nbsp;", "&#xD800;", "&#x;", "&", "&a b;"] {
            let page = format!("<a>{entity}</a>");
            let mut xml = Cursor::new(page.as_bytes()).unwrap();
            xml.root("a").unwrap();
            assert!(xml.text().is_err(), "{entity}");
        }
    }

    /// A small document: names, texts that need escaping, comments, self-closed elements.
    fn document() -> impl Strategy<Value = String> {
        let name = "[a-z][a-zA-Z0-9]{0,4}";
        let text = "[ a-z0-9]{0,8}(&amp;|&lt;|&#65;|&#x3b1;|é)?[a-z]{0,3}";
        let leaf = prop_oneof![
            (name, text).prop_map(|(n, t)| format!("<{n}>{t}</{n}>")),
            name.prop_map(|n| format!("<{n}/>")),
            name.prop_map(|n| format!("<{n} a=\"x>y\" b='1' />")),
            Just("<!-- <x> -->".to_owned()),
        ];
        let tree = leaf.prop_recursive(4, 40, 5, move |inner| {
            (name, prop::collection::vec(inner, 0..5))
                .prop_map(|(n, children)| format!("<{n}>{}</{n}>", children.concat()))
        });
        tree.prop_map(|tree| format!("<root>{tree}</root>"))
    }

    /// The same walk by an independent reader.
    fn walk_with_quick_xml(page: &str) -> Vec<String> {
        let mut reader = quick_xml::Reader::from_str(page);
        let (mut path, mut out) = (Vec::<String>::new(), Vec::new());
        loop {
            let (name, enters) = match reader.read_event().unwrap() {
                Event::Start(tag) => (tag.name().as_ref().to_vec(), true),
                Event::Empty(tag) => (tag.name().as_ref().to_vec(), false),
                Event::End(_) => {
                    path.pop();
                    continue;
                }
                Event::Eof => return out,
                _ => continue,
            };
            path.push(String::from_utf8(name).unwrap());
            out.push(format!("/{}", path.join("/")));
            if !enters {
                path.pop();
            }
        }
    }

    proptest! {
        #[test]
        fn agrees_with_an_independent_reader(page in document()) {
            prop_assert_eq!(walk(page.as_bytes()).unwrap(), walk_with_quick_xml(&page));
        }

        #[test]
        fn fuzz_any_bytes(page in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = walk(&page);
        }

        #[test]
        fn fuzz_what_looks_like_xml(page in "[<>/!?a&;\"'\\[\\]# -]{0,80}") {
            let _ = walk(page.as_bytes());
            let _ = Cursor::new(page.as_bytes()).and_then(|mut xml| { xml.child()?; xml.text().map(drop) });
            let _ = Cursor::new(page.as_bytes()).and_then(|mut xml| { xml.child()?; xml.skip() });
        }
    }
}
