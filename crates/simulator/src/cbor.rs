//! CBOR (RFC 8949), as far as Smithy RPC v2 uses it: reading requests, and the heads that answers are written with.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Number, Value};

/// Deeper than any request of AWS nests.
const DEPTH: usize = 32;
const BREAK: u8 = 0xff;
const INDEFINITE: u8 = 31;

/// Major types.
pub(crate) const UNSIGNED: u8 = 0;
pub(crate) const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
pub(crate) const TEXT: u8 = 3;
pub(crate) const LIST: u8 = 4;
pub(crate) const MAP: u8 = 5;
pub(crate) const TAG: u8 = 6;
const SIMPLE: u8 = 7;

/// Appends a data item's head: its major type and its argument in the shortest form.
pub(crate) fn push_head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let major = major << 5;
    match argument {
        0..24 => out.push(major | argument as u8),
        24..0x100 => out.extend_from_slice(&[major | 0x18, argument as u8]),
        0x100..0x1_0000 => {
            out.push(major | 0x19);
            out.extend_from_slice(&(argument as u16).to_be_bytes());
        }
        0x1_0000..0x1_0000_0000 => {
            out.push(major | 0x1a);
            out.extend_from_slice(&(argument as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 0x1b);
            out.extend_from_slice(&argument.to_be_bytes());
        }
    }
}

/// Appends true or false.
pub(crate) fn push_flag(out: &mut Vec<u8>, flag: bool) {
    out.push((SIMPLE << 5) | if flag { 0x15 } else { 0x14 });
}

/// Appends a double.
pub(crate) fn push_double(out: &mut Vec<u8>, number: f64) {
    out.push((SIMPLE << 5) | 0x1b);
    out.extend_from_slice(&number.to_be_bytes());
}

/// Reads a document: times become their seconds, byte strings Base64. None if it is no CBOR, or not all of it is.
pub(crate) fn read(bytes: &[u8]) -> Option<Value> {
    let mut reader = Reader { rest: bytes };
    let value = reader.item(0)?;
    reader.rest.is_empty().then_some(value)
}

/// How long a list or map is.
enum Length {
    Entries(u64),
    UntilBreak,
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// The argument that the lower five bits of a head announce.
    fn argument(&mut self, info: u8) -> Option<u64> {
        let count = match info {
            0..24 => return Some(u64::from(info)),
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => return None,
        };
        Some(self.take(count)?.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
    }

    fn item(&mut self, depth: usize) -> Option<Value> {
        if depth > DEPTH {
            return None;
        }
        let head = self.byte()?;
        let (major, info) = (head >> 5, head & 31);
        match major {
            UNSIGNED => Some(self.argument(info)?.into()),
            NEGATIVE => {
                let number = -1 - i64::try_from(self.argument(info)?).ok()?;
                Some(number.into())
            }
            BYTES => Some(STANDARD.encode(self.string(BYTES, info)?).into()),
            TEXT => Some(String::from_utf8(self.string(TEXT, info)?).ok()?.into()),
            LIST => self.list(info, depth),
            MAP => self.map(info, depth),
            // The only tag of RPC v2 is a time in seconds, which stands for itself.
            TAG => (self.argument(info)? == 1).then(|| self.item(depth + 1)).flatten(),
            _ => self.simple(info),
        }
    }

    fn string(&mut self, major: u8, info: u8) -> Option<Vec<u8>> {
        if info != INDEFINITE {
            let length = usize::try_from(self.argument(info)?).ok()?;
            return Some(self.take(length)?.to_vec());
        }
        let mut all = Vec::new();
        while !self.at_break()? {
            let head = self.byte()?;
            if head >> 5 != major || head & 31 == INDEFINITE {
                return None;
            }
            let length = usize::try_from(self.argument(head & 31)?).ok()?;
            all.extend_from_slice(self.take(length)?);
        }
        Some(all)
    }

    /// Whether an item of indefinite length ends here; steps over its end.
    fn at_break(&mut self) -> Option<bool> {
        let ends = *self.rest.first()? == BREAK;
        if ends {
            self.byte()?;
        }
        Some(ends)
    }

    /// Whether another entry follows: by count, or by the sign of the end.
    fn another(&mut self, left: &mut Length) -> Option<bool> {
        match left {
            Length::UntilBreak => Some(!self.at_break()?),
            Length::Entries(0) => Some(false),
            Length::Entries(count) => {
                *count -= 1;
                Some(true)
            }
        }
    }

    fn length(&mut self, info: u8) -> Option<Length> {
        if info == INDEFINITE {
            return Some(Length::UntilBreak);
        }
        self.argument(info).map(Length::Entries)
    }

    fn list(&mut self, info: u8, depth: usize) -> Option<Value> {
        let mut left = self.length(info)?;
        let mut all = Vec::new();
        while self.another(&mut left)? {
            all.push(self.item(depth + 1)?);
        }
        Some(Value::Array(all))
    }

    fn map(&mut self, info: u8, depth: usize) -> Option<Value> {
        let mut left = self.length(info)?;
        let mut all = Map::new();
        while self.another(&mut left)? {
            let Value::String(name) = self.item(depth + 1)? else { return None };
            let value = self.item(depth + 1)?;
            // A member that is null is one that was not sent.
            if !value.is_null() {
                all.insert(name, value);
            }
        }
        Some(Value::Object(all))
    }

    fn simple(&mut self, info: u8) -> Option<Value> {
        let number = match info {
            20 => return Some(Value::Bool(false)),
            21 => return Some(Value::Bool(true)),
            22 | 23 => return Some(Value::Null),
            26 => f64::from(f32::from_be_bytes(self.take(4)?.try_into().ok()?)),
            27 => f64::from_be_bytes(self.take(8)?.try_into().ok()?),
            _ => return None,
        };
        Number::from_f64(number).map(Value::Number)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn examples_of_rfc_8949_are_read() {
        let cases: [(&[u8], Value); 12] = [
            (&[0x18, 0x64], json!(100)),
            (&[0x1a, 0x00, 0x0f, 0x42, 0x40], json!(1_000_000)),
            (&[0x29], json!(-10)),
            (&[0xfb, 0x3f, 0xf1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a], json!(1.1)),
            (&[0xfa, 0x47, 0xc3, 0x50, 0x00], json!(100_000.0)),
            (&[0xf5], json!(true)),
            (&[0xc1, 0x1a, 0x51, 0x4b, 0x67, 0xb0], json!(1_363_896_240)),
            (&[0x44, 1, 2, 3, 4], json!("AQIDBA==")),
            (&[0x62, 0xc3, 0xbc], json!("ü")),
            (&[0x9f, 0x01, 0x82, 0x02, 0x03, 0xff], json!([1, [2, 3]])),
            (&[0xbf, 0x61, 0x61, 0x01, 0x61, 0x62, 0xf6, 0xff], json!({ "a": 1 })),
            (
                &[0x7f, 0x65, b's', b't', b'r', b'e', b'a', 0x64, b'm', b'i', b'n', b'g', 0xff],
                json!("streaming"),
            ),
        ];
        for (bytes, value) in cases {
            assert_eq!(read(bytes), Some(value), "{bytes:02x?}");
        }
    }

    #[test]
    fn broken_documents_are_refused() {
        let nested = vec![0x81; 10_000];
        let cases: [&[u8]; 9] = [
            &[],
            &[0x18],
            &[0x64, b'a'],
            &[0x1b, 0xff],
            &[0x9f, 0x01],
            &[0xa1, 0x01, 0x01],
            &[0x62, 0xff, 0xff],
            &[0x01, 0x01],
            &nested,
        ];
        for bytes in cases {
            assert_eq!(read(bytes), None, "{:02x?}", &bytes[..bytes.len().min(8)]);
        }
        // Announces more than there could be.
        assert_eq!(read(&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), None);
        assert_eq!(read(&[0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), None);
    }

    #[test]
    fn no_bytes_make_it_stumble() {
        let mut draws = crate::hash::Draws::new(11);
        for _ in 0..20_000 {
            let bytes: Vec<u8> = (0..draws.below(24)).map(|_| draws.bits() as u8).collect();
            let _ = read(&bytes);
        }
    }

    #[test]
    fn heads_are_as_short_as_possible() {
        for number in [0, 23, 24, 255, 256, 65_535, 65_536, u64::from(u32::MAX), u64::MAX] {
            let mut out = Vec::new();
            push_head(&mut out, UNSIGNED, number);
            assert_eq!(read(&out), Some(number.into()));
        }
        let mut out = Vec::new();
        push_head(&mut out, UNSIGNED, 500);
        assert_eq!(out, [0x19, 0x01, 0xf4]);
    }
}
