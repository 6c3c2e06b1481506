//! Filters that make snapshots the same on every run and every machine.

/// Pairs of a regular expression and what to put in its place, for insta's `filters`.
///
/// Order matters: the longer things come first.
pub const fn redactions() -> &'static [(&'static str, &'static str)] {
    &[
        (
            r"/(?:private/)?(?:tmp|var/folders)/[^\s:'\x22]*?windlass-lab-[A-Za-z0-9]+",
            "[LAB]",
        ),
        (r"\b(?:127\.0\.0\.\d+|\[::1\]|localhost):\d+", "[ADDRESS]"),
        (r"\bSHA256:[A-Za-z0-9+/]{43}", "[FINGERPRINT]"),
        (r"\b[0-9a-f]{40}\b", "[REVISION]"),
        (r"\b20\d{12}\b", "[RELEASE]"),
        (r"\bd-[0-9a-z]{4,}\b", "[DEPLOY]"),
        (
            r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?",
            "[TIME]",
        ),
        (r"\b\d+m\d\ds\b", "[DURATION]"),
        (r"\b\d+(?:\.\d+)? ?m?s\b", "[DURATION]"),
        (r"\b\d\d:\d\d\b", "[CLOCK]"),
        (r"\bpid \d+", "pid [PID]"),
        (r"\bport \d+", "port [PORT]"),
    ]
}
