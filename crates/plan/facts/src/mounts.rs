//! What `df` and the table of mounts say of a path.

/// The answer of `df -P`: the available amount and the mount point of its only line.
pub(crate) fn df(text: &str) -> Option<(u64, String)> {
    let line = text.lines().nth(1)?;
    // The device may hold blanks, the four columns before the mount point never do: `… 1024 1 2 5% /mnt`.
    let percent = line.find('%')?;
    let (columns, mount) = line.split_at(percent);
    let mut backwards = columns.split_whitespace().rev();
    backwards.next()?;
    let available = backwards.next()?.parse().ok()?;
    Some((
        available,
        mount.trim_start_matches('%').trim_start().to_owned(),
    ))
}

/// A path of the table of mounts, whose blanks and backslashes stand there as octal numbers.
pub(crate) fn unescape(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let octal = (first == b'\\')
            .then(|| tail.get(..3))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        if let Some(byte) = octal {
            bytes.push(byte);
            rest = tail.get(3..).unwrap_or_default();
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn df_is_read_whatever_the_names_hold() {
        let head = "Filesystem 1024-blocks Used Available Capacity Mounted on\n";
        let of = |line: &str| df(&format!("{head}{line}\n"));
        assert_eq!(of("/dev/sda1 100 40 60 40% /"), Some((60, "/".to_owned())));
        assert_eq!(
            of("//nas/a share 100 40 60 40% /mnt/a b"),
            Some((60, "/mnt/a b".to_owned()))
        );
        assert_eq!(of("btrfs 0 0 0 - /"), None);
        assert_eq!(df(""), None);
    }

    #[test]
    fn mount_points_are_read_back_from_octal() {
        assert_eq!(unescape(r"/mnt/a\040b\134"), "/mnt/a b\\");
        assert_eq!(unescape(r"/odd\9"), r"/odd\9");
    }
}
