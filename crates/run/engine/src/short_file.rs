//! A short file as a script that writes it: it goes as a question over the channel that is open already, where an upload
//! takes a channel of its own and waits three times for the host.
//!
//! Guarantees: any bytes arrive as they are, in any POSIX shell; the file appears whole or not at all; carried out again it
//! does the same. It is for what is no secret: a `printf` that is not built into the shell would show it in a process list.

use std::fmt::Write as _;
use windlass_model::shell::quote;

/// The longest file that is sent so, in bytes. As a script it is up to four times as long; a script has to get through
/// between two cuts, so it is not much longer than the first job of a deploy.
pub(crate) const SHORT: u64 = 8 * 1024;

/// What one `printf` writes, in bytes of the file: where it is no builtin, the system limits the length of a word.
const PIECE: usize = 4 * 1024;

/// A script that writes these bytes to a path whose directory exists, mode 0600.
pub(crate) fn script(to: &str, bytes: &[u8]) -> String {
    let mut pieces = String::new();
    for piece in bytes.chunks(PIECE) {
        // Writing to a String cannot fail.
        let _ = write!(pieces, "printf '{}' && ", printable(piece));
    }
    format!(
        "umask 077; f={}; {{ {pieces}:; }} >\"$f.$$\" && mv -f \"$f.$$\" \"$f\"",
        quote(to)
    )
}

/// Bytes as the format of a `printf` between single quotes.
fn printable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(3));
    for byte in bytes {
        match byte {
            b'%' => text.push_str("%%"),
            b' '..=b'~' if !matches!(byte, b'\\' | b'\'') => text.push(char::from(*byte)),
            _ => {
                let _ = write!(text, "\\{byte:03o}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn any_bytes_arrive_in_any_shell() {
        let every: Vec<u8> = (0..=255).collect();
        let several: Vec<u8> = (0..=255).cycle().take(PIECE * 2 + 1).collect();
        for shell in [&["dash"][..], &["bash"], &["busybox", "sh"]] {
            for bytes in [&[][..], b"%s\\n'%d' $HOME `id`\n\n", &every, &several] {
                let dir = tempfile::tempdir().expect("directory");
                let path = dir.path().join("it's a file");
                let script = script(&path.display().to_string(), bytes);
                let status = Command::new(shell[0])
                    .args(&shell[1..])
                    .args(["-c", &script])
                    .status()
                    .expect("the shell is installed");
                assert!(status.success(), "{shell:?}");
                assert_eq!(std::fs::read(&path).expect("written"), bytes, "{shell:?}");
                let names = std::fs::read_dir(dir.path()).expect("directory").count();
                assert_eq!(names, 1, "{shell:?}");
            }
        }
    }

    #[test]
    fn a_file_that_cannot_be_written_is_a_failure() {
        let script = script("/dev/null/x", b"bytes");
        let output = Command::new("sh").args(["-c", &script]).output();
        assert!(!output.expect("sh").status.success());
    }
}
