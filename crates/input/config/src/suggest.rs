//! The nearest of the words that were possible.

/// Longer words are no slips of the finger, and comparing them takes time.
const LONGEST: usize = 64;

/// The word that was probably meant, if one is near enough; what people may take for the same word is the nearest.
pub fn nearest<'a, I>(word: &str, possible: I) -> Option<&'a str>
where
    I: IntoIterator<Item = &'a str>,
{
    if word.len() > LONGEST {
        return None;
    }
    let plain = plain(word);
    possible
        .into_iter()
        .map(|candidate| (distance(word, &plain, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= allowed(candidate))
        .min()
        .map(|(_, candidate)| candidate)
}

/// Names in a sentence: `a`, `b` or `c`; of many only the first.
pub(crate) fn listed<'a, I>(names: I) -> String
where
    I: IntoIterator<Item = &'a str>,
{
    const MOST: usize = 12;
    let names: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [first @ .., last] if names.len() <= MOST => format!("{} and {last}", first.join(", ")),
        many => {
            let first: Vec<_> = many.iter().take(MOST).cloned().collect();
            format!("{} and {} more", first.join(", "), many.len() - MOST)
        }
    }
}

fn distance(word: &str, plain_word: &str, candidate: &str) -> usize {
    if plain_word == plain(candidate) {
        return 0;
    }
    strsim::damerau_levenshtein(word, candidate)
}

/// `keepReleases`, `keep-releases` and `keep_releases` are the same to people.
fn plain(word: &str) -> String {
    word.chars()
        .filter(|c| *c != '_' && *c != '-')
        .flat_map(char::to_lowercase)
        .collect()
}

fn allowed(candidate: &str) -> usize {
    1 + candidate.chars().count() / 5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let words = [
            "keep_releases",
            "linked_files",
            "linked_dirs",
            "path",
            "env",
        ];
        assert_eq!(nearest("keep_release", words), Some("keep_releases"));
        assert_eq!(nearest("keepReleases", words), Some("keep_releases"));
        assert_eq!(nearest("linked-dir", words), Some("linked_dirs"));
        assert_eq!(nearest("paht", words), Some("path"));
        assert_eq!(nearest("flavour", words), None);
        assert_eq!(nearest(&"x".repeat(1 << 20), words), None);
    }

    #[test]
    fn names_are_listed_in_a_sentence() {
        assert_eq!(listed(["a"]), "`a`");
        assert_eq!(listed(["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
