//! Versions and constraints as Terraform writes them, as far as ranges of them have to be told apart.

/// A version: major, minor, patch.
pub(super) type Version = [u64; 3];

/// A version such as `v5.8` or `5.8.0-rc1`.
pub(super) fn parse(text: &str) -> Option<Version> {
    let text = text.trim().trim_start_matches('v');
    let text = text.split(['-', '+']).next()?;
    let mut version = [0; 3];
    let parts: Vec<&str> = text.split('.').collect();
    if parts.len() > 3 {
        return None;
    }
    for (slot, part) in version.iter_mut().zip(parts) {
        *slot = part.parse().ok()?;
    }
    Some(version)
}

/// The versions that are allowed: from the first one, up to and without the second one. None where the
/// constraint is not understood: then all are.
pub(super) fn range(constraint: &str) -> (Version, Version) {
    let (mut from, mut to) = ([0; 3], [u64::MAX; 3]);
    for part in constraint.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let digits = part.find(|c: char| c.is_ascii_digit() || c == 'v').unwrap_or(part.len());
        let (operator, number) = part.split_at(digits);
        let Some(version) = parse(number) else { continue };
        let precise = number.matches('.').count();
        match operator.trim() {
            "" | "=" => {
                from = from.max(version);
                to = to.min(next(version));
            }
            "~>" => {
                from = from.max(version);
                let [major, minor, _] = version;
                let end = if precise >= 2 { [major, minor + 1, 0] } else { [major + 1, 0, 0] };
                to = to.min(end);
            }
            ">=" => from = from.max(version),
            ">" => from = from.max(next(version)),
            "<" => to = to.min(version),
            "<=" => to = to.min(next(version)),
            _ => {}
        }
    }
    (from, to)
}

fn next([major, minor, patch]: Version) -> Version {
    [major, minor, patch.saturating_add(1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_are_ranges() {
        let end = [u64::MAX; 3];
        for (constraint, expected) in [
            ("5.7.0", ([5, 7, 0], [5, 7, 1])),
            ("~> 5.0", ([5, 0, 0], [6, 0, 0])),
            ("~> 5.7.1", ([5, 7, 1], [5, 8, 0])),
            (">= 5.8", ([5, 8, 0], end)),
            (">= 4.0, < 5.0", ([4, 0, 0], [5, 0, 0])),
            ("v2.1", ([2, 1, 0], [2, 1, 1])),
            ("", ([0, 0, 0], end)),
            ("main", ([0, 0, 0], end)),
        ] {
            assert_eq!(range(constraint), expected, "{constraint}");
        }
    }
}
