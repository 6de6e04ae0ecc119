//! AWS's published signing examples, and what must not pass for signed.

use super::*;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
/// 2015-08-30T12:36:00Z, when the examples were signed.
const NOW: i64 = 1_440_938_160;

fn request(method: &str, query: &str, headers: &[(&str, &str)], body: &'static str) -> Request {
    let mut map = HeaderMap::new();
    let base = [("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z")];
    for (name, value) in base.iter().chain(headers) {
        map.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_str(value).unwrap(),
        );
    }
    Request {
        method: method.into(),
        path: "/".into(),
        query: query.into(),
        headers: map,
        body: Bytes::from_static(body.as_bytes()),
    }
}

fn check(request: &Request, signed: &str, signature: &str, now: i64) -> Result<(), SignatureError> {
    let header = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders={signed}, Signature={signature}"
    );
    let authorization = Authorization::parse(&header).unwrap();
    authorization.verify(request, &signing_key(SECRET, "20150830", "us-east-1", "service"), now)
}

/// The examples of AWS's Signature Version 4 test suite that are about the root path.
#[test]
fn published_examples_verify() {
    const PLAIN: &str = "host;x-amz-date";
    let cases = [
        (
            "GET",
            "",
            &[][..],
            "",
            PLAIN,
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "POST",
            "",
            &[],
            "",
            PLAIN,
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        (
            "GET",
            "Param2=value2&Param1=value1",
            &[],
            "",
            PLAIN,
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            "GET",
            "Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
            &[],
            "",
            PLAIN,
            "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
        ),
        (
            "GET",
            "\u{1234}=bar",
            &[],
            "",
            PLAIN,
            "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
        ),
        (
            "GET",
            "",
            &[("my-header1", " value1"), ("my-header2", "\"a   b   c\"")],
            "",
            "host;my-header1;my-header2;x-amz-date",
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        ),
        (
            "GET",
            "",
            &[(
                "x-amz-security-token",
                "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267",
            )],
            "",
            "host;x-amz-date;x-amz-security-token",
            "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
        ),
        (
            "POST",
            "",
            &[
                ("content-length", "13"),
                ("content-type", "application/x-www-form-urlencoded"),
                (
                    "x-amz-content-sha256",
                    "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e",
                ),
            ],
            "Param1=value1",
            "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
            "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
        ),
    ];
    for (method, query, headers, body, signed, signature) in cases {
        assert_eq!(
            check(&request(method, query, headers, body), signed, signature, NOW),
            Ok(()),
            "{signature}"
        );
    }
}

/// The examples of the same suite that are about paths.
#[test]
fn published_paths_verify() {
    const ROOT: &str = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
    let cases = [
        ("//", ROOT),
        ("/./", ROOT),
        ("/example/..", ROOT),
        ("/example1/example2/../..", ROOT),
        ("//example//", "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
        ("/./example", "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"),
        ("/example space/", "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
        ("/\u{1234}", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
    ];
    for (path, signature) in cases {
        let request = Request { path: path.into(), ..request("GET", "", &[], "") };
        assert_eq!(check(&request, "host;x-amz-date", signature, NOW), Ok(()), "{path}");
    }
}

#[test]
fn what_is_encoded_is_encoded_again() {
    assert_eq!(canonical_path("/clusters/a%2Fb/x~y"), "/clusters/a%252Fb/x~y");
}

#[test]
fn other_requests_do_not_pass_with_the_same_signature() {
    const GOOD: &str = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
    const SIGNED: &str = "host;x-amz-date";
    let mismatch = Err(SignatureError::Mismatch);
    assert_eq!(check(&request("GET", "", &[], "body"), SIGNED, GOOD, NOW), mismatch);
    assert_eq!(check(&request("GET", "a=b", &[], ""), SIGNED, GOOD, NOW), mismatch);
    assert_eq!(check(&request("POST", "", &[], ""), SIGNED, GOOD, NOW), mismatch);
    assert_eq!(check(&request("GET", "", &[("host", "other")], ""), SIGNED, GOOD, NOW), mismatch);
    assert_eq!(
        check(&request("GET", "", &[("x-amz-content-sha256", "0123")], ""), SIGNED, GOOD, NOW),
        mismatch
    );
    // An unsigned word about an unsigned body counts for nothing.
    assert_eq!(
        check(&request("GET", "", &[("x-amz-content-sha256", UNSIGNED)], ""), SIGNED, GOOD, NOW),
        mismatch
    );
    assert_eq!(
        check(&request("GET", "", &[], ""), "host;x-amz-date;x-missing", GOOD, NOW),
        mismatch
    );
}

#[test]
fn old_and_future_signatures_are_refused() {
    const GOOD: &str = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
    let at = |now| check(&request("GET", "", &[], ""), "host;x-amz-date", GOOD, now);
    assert_eq!(at(NOW + 899), Ok(()));
    assert!(matches!(at(NOW + 901), Err(SignatureError::Skewed(_))));
    assert!(matches!(at(NOW - 901), Err(SignatureError::Skewed(_))));
}

#[test]
fn malformed_headers_are_refused() {
    assert_eq!(Authorization::parse("Basic abc"), Err(SignatureError::Missing));
    for header in [
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=host",
        "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=0",
    ] {
        assert!(
            matches!(Authorization::parse(header), Err(SignatureError::Incomplete(_))),
            "{header}"
        );
    }
}
