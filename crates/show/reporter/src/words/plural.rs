//! Counts with their noun: `1 host`, `3 hosts`, `1,204 lines`.

/// `count` and its noun, with an `s` where it is not one.
pub fn count(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", grouped(count))
}

/// The number with commas between its thousands.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `web1`, `web1 and web2`, `web1, web2, db1`, and past `most` names `web1, web2 and 35 more`.
pub fn names<T: AsRef<str>>(names: &[T], most: usize) -> String {
    let shown: Vec<&str> = names.iter().take(most).map(AsRef::as_ref).collect();
    let left = names.len() - shown.len();
    match (shown.as_slice(), left) {
        ([first, second], 0) => format!("{first} and {second}"),
        (_, 0) => shown.join(", "),
        _ => format!("{} and {} more", shown.join(", "), grouped(left)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_agree_with_their_noun() {
        assert_eq!(count(0, "host"), "0 hosts");
        assert_eq!(count(1, "host"), "1 host");
        assert_eq!(count(1_204, "line"), "1,204 lines");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(100), "100");
    }

    #[test]
    fn many_names_are_counted() {
        assert_eq!(names(&["a"], 3), "a");
        assert_eq!(names(&["a", "b"], 3), "a and b");
        assert_eq!(names(&["a", "b", "c"], 3), "a, b, c");
        assert_eq!(names(&["a", "b", "c", "d"], 3), "a, b, c and 1 more");
        assert_eq!(names::<&str>(&[], 3), "");
    }
}
