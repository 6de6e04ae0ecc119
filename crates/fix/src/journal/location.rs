//! Where a store is: a folder, or a bucket and a prefix in it.

use std::{fmt, path::PathBuf};

use url::Url;

/// Where runs are recorded when nobody says otherwise.
const DEFAULT: &str = ".imdsure";

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A folder.
    Folder(PathBuf),
    /// A prefix (empty for all of it) of an S3 bucket.
    S3 {
        /// The bucket.
        bucket: String,
        /// The prefix, without slashes at its ends.
        prefix: String,
    },
}

/// No place that a store can be in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{location}` is no place for journals: {why}. A folder, file:///… or s3://bucket/prefix is"
)]
pub struct BadLocation {
    /// What was given, without a password.
    pub location: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl Location {
    /// Reads a folder or a URL.
    pub fn parse(text: &str) -> Result<Self, BadLocation> {
        if !text.contains("://") {
            return match text {
                "" => Err(BadLocation { location: String::new(), why: "it is empty" }),
                folder => Ok(Self::Folder(folder.into())),
            };
        }
        let Ok(url) = Url::parse(text) else {
            // What cannot be parsed may hold a password all the same.
            return Err(BadLocation { location: "…".to_owned(), why: "it is no URL" });
        };
        let bad = |why| BadLocation { location: without_secrets(&url), why };
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad("a `?` or `#` has no meaning there"));
        }
        match url.scheme() {
            "file" => url.to_file_path().map(Self::Folder).map_err(|()| bad("it is no local path")),
            "s3" => of_s3(&url).map_err(bad),
            _ => Err(bad("only file:// and s3:// are known")),
        }
    }
}

fn of_s3(url: &Url) -> Result<Location, &'static str> {
    if !url.username().is_empty() || url.password().is_some() || url.port().is_some() {
        return Err("credentials and endpoint come from the AWS configuration");
    }
    let bucket = url.host_str().filter(|host| !host.is_empty()).ok_or("it names no bucket")?;
    let prefix = url.path().trim_matches('/');
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.=+@".contains(c);
    let is_name = |part: &str| !matches!(part, "" | "." | "..") && part.chars().all(plain);
    if !(prefix.is_empty() || prefix.split('/').all(is_name)) {
        return Err(
            "its prefix may hold letters, digits and -_.=+@, in parts divided by single `/`",
        );
    }
    Ok(Location::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
}

fn without_secrets(url: &Url) -> String {
    let mut url = url.clone();
    // Refused where a URL cannot have them.
    let _ = url.set_password(None);
    let _ = url.set_username("");
    url.to_string()
}

impl Default for Location {
    fn default() -> Self {
        Self::Folder(DEFAULT.into())
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "{}", folder.display()),
            Self::S3 { bucket, prefix } if prefix.is_empty() => write!(f, "s3://{bucket}"),
            Self::S3 { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_urls_are_places() {
        let s3 = |bucket: &str, prefix: &str| Location::S3 {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        };
        for (text, location, shown) in [
            (".imdsure", Location::default(), ".imdsure"),
            ("/var/runs", Location::Folder("/var/runs".into()), "/var/runs"),
            ("file:///var/my%20runs", Location::Folder("/var/my runs".into()), "/var/my runs"),
            ("s3://bucket", s3("bucket", ""), "s3://bucket"),
            ("s3://my.bucket/a/b/", s3("my.bucket", "a/b"), "s3://my.bucket/a/b"),
        ] {
            assert_eq!(Location::parse(text).as_ref(), Ok(&location), "{text}");
            assert_eq!(location.to_string(), shown);
        }
    }

    #[test]
    fn other_places_are_refused_without_repeating_a_password() {
        for text in [
            "",
            "https://bucket.s3.amazonaws.com",
            "s3://",
            "s3:///prefix",
            "s3://user:secret@bucket",
            "s3://bucket:443/x",
            "s3://bucket/a//b",
            "s3://bucket/a b",
            "s3://bucket/x?versionId=secret2",
            "file://elsewhere/x",
            "://secret",
        ] {
            let error = Location::parse(text).unwrap_err();
            assert!(!error.to_string().contains("secret@"), "{error}");
        }
    }
}
