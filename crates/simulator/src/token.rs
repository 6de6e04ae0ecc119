//! Page tokens: opaque, and good only for the listing they were given out for.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::crypto::hmac;

/// Bytes of the authentication code that are kept.
const CODE: usize = 16;

/// Makes a token that leads to `offset` of the listing that `listing` describes.
pub(crate) fn seal(key: &[u8], listing: &str, offset: u64) -> String {
    let mut bytes = offset.to_be_bytes().to_vec();
    bytes.extend_from_slice(&code(key, listing, offset));
    STANDARD.encode(bytes)
}

/// Reads the offset back; none if the token was changed or belongs to another listing.
pub(crate) fn open(key: &[u8], listing: &str, token: &str) -> Option<u64> {
    let bytes = STANDARD.decode(token).ok()?;
    let (offset, claimed) = bytes.split_first_chunk()?;
    let offset = u64::from_be_bytes(*offset);
    (claimed == code(key, listing, offset)).then_some(offset)
}

fn code(key: &[u8], listing: &str, offset: u64) -> [u8; CODE] {
    let digest = hmac(key, format!("{offset}:{listing}").as_bytes());
    let mut code = [0; CODE];
    code.copy_from_slice(&digest[..CODE]);
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_only_what_it_was_made_for() {
        let token = seal(b"key", "ec2:1:us-east-1", 1000);
        assert_eq!(open(b"key", "ec2:1:us-east-1", &token), Some(1000));
        assert_eq!(open(b"key", "ec2:2:us-east-1", &token), None);
        assert_eq!(open(b"other", "ec2:1:us-east-1", &token), None);
        for text in ["", "AAAA", "not base64!", &token[1..]] {
            assert_eq!(open(b"key", "ec2:1:us-east-1", text), None);
        }
        let mut bytes = STANDARD.decode(&token).unwrap();
        for place in 0..bytes.len() {
            bytes[place] ^= 1;
            assert_eq!(open(b"key", "ec2:1:us-east-1", &STANDARD.encode(&bytes)), None);
            bytes[place] ^= 1;
        }
    }
}
