//! Sizes in powers of 1,000 with their unit: `412 MB`, `1.1 MB`.

/// `0 B`, `999 B`, `1.1 kB`, `412 MB`.
pub fn size(bytes: u64) -> String {
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut unit = 1000_u64;
    let mut names = ["kB", "MB", "GB", "TB", "PB", "EB"].into_iter().peekable();
    let mut name = names.next().unwrap_or("kB");
    // 999,950 of one unit is written as 1.0 of the next.
    while bytes / 1000 >= unit - unit / 20_000 && names.peek().is_some() {
        unit = unit.saturating_mul(1000);
        name = names.next().unwrap_or(name);
    }
    let tenths = bytes / (unit / 10) + u64::from(bytes % (unit / 10) >= unit / 20);
    if tenths < 100 {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    } else {
        format!(
            "{} {name}",
            (bytes / unit) + u64::from(bytes % unit >= unit / 2)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_have_at_most_three_digits() {
        let forms: Vec<String> = [
            0,
            999,
            1_000,
            1_100_000,
            9_960_000,
            412_000_000,
            999_960_000,
            u64::MAX,
        ]
        .into_iter()
        .map(size)
        .collect();
        assert_eq!(
            forms,
            [
                "0 B", "999 B", "1.0 kB", "1.1 MB", "10 MB", "412 MB", "1.0 GB", "18 EB"
            ]
        );
    }
}
