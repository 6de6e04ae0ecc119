//! XML written straight into a buffer: fixed pieces, numbers, ids, times and escaped text, without a tree and without allocations on the way.

use jiff::Timestamp;
use jiff::tz::Offset;

/// Appends a number in decimal.
pub(crate) fn push_number(out: &mut Vec<u8>, number: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    let mut rest = number;
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

/// Appends an id of AWS's form: a prefix and 17 hexadecimal digits, the first of them 0 as most of AWS's are.
pub(crate) fn push_aws_id(out: &mut Vec<u8>, prefix: &str, id: u64) {
    out.extend_from_slice(prefix.as_bytes());
    out.push(b'0');
    push_hex::<16>(out, id);
}

/// Appends the last `N` hexadecimal digits of a number.
pub(crate) fn push_hex<const N: usize>(out: &mut Vec<u8>, number: u64) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut digits = [0; N];
    let mut rest = number;
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest & 15) as usize];
        rest >>= 4;
    }
    out.extend_from_slice(&digits);
}

/// Appends text with the characters escaped that XML gives a meaning, and those that a parser would turn into spaces.
pub(crate) fn push_escaped(out: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            b'\'' => out.extend_from_slice(b"&apos;"),
            b'\t' => out.extend_from_slice(b"&#9;"),
            b'\n' => out.extend_from_slice(b"&#10;"),
            b'\r' => out.extend_from_slice(b"&#13;"),
            // Not legal in XML 1.0, not even as an entity.
            0..0x20 => out.extend_from_slice("\u{fffd}".as_bytes()),
            other => out.push(other),
        }
    }
}

/// Appends a time (seconds since 1970) as `2026-01-31T12:00:00`, with the separator that is asked for.
pub(crate) fn push_time(out: &mut Vec<u8>, seconds: i64, separator: u8) {
    let time = Offset::UTC.to_datetime(Timestamp::from_second(seconds).unwrap_or_default());
    push_number(out, u64::from(time.year().unsigned_abs()));
    let parts = [
        (b'-', time.month()),
        (b'-', time.day()),
        (separator, time.hour()),
        (b':', time.minute()),
        (b':', time.second()),
    ];
    for (before, part) in parts {
        let part = part.unsigned_abs();
        out.extend_from_slice(&[before, b'0' + part / 10, b'0' + part % 10]);
    }
}

/// A document being written.
pub(crate) struct Xml(Vec<u8>);

impl Xml {
    /// An empty document with room for `capacity` bytes.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    /// Appends pieces of XML as they are.
    pub(crate) fn put(&mut self, pieces: &[&str]) -> &mut Self {
        for piece in pieces {
            self.0.extend_from_slice(piece.as_bytes());
        }
        self
    }

    /// Appends text from outside, escaped.
    pub(crate) fn escaped(&mut self, text: &str) -> &mut Self {
        push_escaped(&mut self.0, text);
        self
    }

    /// Appends an element with escaped text.
    pub(crate) fn element(&mut self, name: &str, text: &str) -> &mut Self {
        self.put(&["<", name, ">"]).escaped(text).put(&["</", name, ">"])
    }

    /// Appends a number.
    pub(crate) fn number(&mut self, number: u64) -> &mut Self {
        push_number(&mut self.0, number);
        self
    }

    /// Appends an id such as `i-0…`.
    pub(crate) fn id(&mut self, prefix: &str, id: u64) -> &mut Self {
        push_aws_id(&mut self.0, prefix, id);
        self
    }

    /// Appends a byte as two hexadecimal digits.
    pub(crate) fn hex_byte(&mut self, byte: u8) -> &mut Self {
        push_hex::<2>(&mut self.0, u64::from(byte));
        self
    }

    /// Appends the four bytes of an IPv4 address in decimal, with a separator.
    pub(crate) fn address(&mut self, address: u32, separator: u8) -> &mut Self {
        let [first, rest @ ..] = address.to_be_bytes();
        push_number(&mut self.0, u64::from(first));
        for byte in rest {
            self.0.push(separator);
            push_number(&mut self.0, u64::from(byte));
        }
        self
    }

    /// Appends a time (seconds since 1970) as EC2 writes it: `2026-01-31T12:00:00.000Z`.
    pub(crate) fn time(&mut self, seconds: i64) -> &mut Self {
        push_time(&mut self.0, seconds, b'T');
        self.put(&[".000Z"])
    }

    /// The buffer itself, for the `push_…` functions.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }

    /// The finished document.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Xml) -> &mut Xml) -> String {
        let mut xml = Xml::with_capacity(0);
        write(&mut xml);
        String::from_utf8(xml.into_bytes()).unwrap()
    }

    #[test]
    fn pieces_come_out_as_aws_writes_them() {
        assert_eq!(
            text(|xml| xml.number(0).put(&[" "]).number(u64::MAX)),
            "0 18446744073709551615"
        );
        assert_eq!(text(|xml| xml.id("i-", 0xabc)), "i-00000000000000abc");
        assert_eq!(text(|xml| xml.address(0x0a00_01ff, b'-')), "10-0-1-255");
        assert_eq!(text(|xml| xml.time(1_780_272_001)), "2026-06-01T00:00:01.000Z");
    }

    #[test]
    fn special_characters_are_escaped() {
        let escaped = text(|xml| xml.element("v", "a<b>&\"c'\t\n\r\u{1b}ü"));
        assert_eq!(escaped, "<v>a&lt;b&gt;&amp;&quot;c&apos;&#9;&#10;&#13;\u{fffd}ü</v>");
    }
}
