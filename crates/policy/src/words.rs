//! Likeness of words: what was likely meant by a word that is not known.

/// The candidate that is nearest to the word, if one is near: at most one edit in five characters, without case.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word: Vec<char> = word.to_lowercase().chars().collect();
    // What is much longer than any known word is none of them, and costs time.
    if word.len() > 64 {
        return None;
    }
    candidates
        .into_iter()
        .map(|candidate| (distance(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| distance * 5 <= candidate.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions and replacements from one word to the other.
fn distance(word: &[char], other: &str) -> usize {
    let mut row: Vec<usize> = (0..=word.len()).collect();
    for (i, b) in other.chars().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        for (a, above) in word.iter().zip(row.iter_mut().skip(1)) {
            let replaced = corner + usize::from(*a != b);
            corner = *above;
            left = replaced.min(*above + 1).min(left + 1);
            *above = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_not() {
        let known = ["ec2:MetadataHttpTokens", "ec2:RoleDelivery"];
        assert_eq!(nearest("ec2:MetadataHttpToken", known), Some("ec2:MetadataHttpTokens"));
        assert_eq!(nearest("EC2:ROLEDELIVERY", known), Some("ec2:RoleDelivery"));
        assert_eq!(nearest("ec2:Region", known), None);
        assert_eq!(nearest("", known), None);
        let chars: Vec<char> = "kitten".chars().collect();
        assert_eq!(distance(&chars, "sitting"), 3);
    }
}
