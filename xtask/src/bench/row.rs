//! One line of the table.

/// One line of the table.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Row {
    /// What is measured.
    pub(super) figure: String,
    /// The value, with its unit.
    pub(super) ours: String,
    /// What it is measured against, with its value; empty where there is nothing to compare with.
    pub(super) baseline: String,
    /// Ours to the baseline's, where that says something.
    pub(super) ratio: String,
    /// What it must not exceed; empty where nothing is promised.
    pub(super) to_meet: String,
    /// Whether it does not.
    pub(super) met: bool,
}

impl Row {
    /// A value for which nothing is promised.
    pub(super) fn new(figure: impl Into<String>, ours: impl Into<String>) -> Self {
        Self {
            figure: figure.into(),
            ours: ours.into(),
            met: true,
            ..Self::default()
        }
    }

    /// What it is measured against.
    #[must_use]
    pub(super) fn beside(mut self, baseline: impl Into<String>) -> Self {
        self.baseline = baseline.into();
        self
    }

    /// How often the baseline goes into ours.
    #[must_use]
    pub(super) fn ratio(mut self, ratio: f64) -> Self {
        self.ratio = format!("{ratio:.2} ×");
        self
    }

    /// What is promised, and whether it is kept.
    #[must_use]
    pub(super) fn promise(mut self, limit: impl Into<String>, met: bool) -> Self {
        self.to_meet = limit.into();
        self.met = met;
        self
    }

    /// The last column.
    pub(super) fn verdict(&self) -> &'static str {
        match (self.to_meet.is_empty(), self.met) {
            (true, _) => "",
            (false, true) => "met",
            (false, false) => "missed",
        }
    }

    /// A sentence, where the promise is not kept.
    pub(super) fn missed(&self) -> Option<String> {
        let Self {
            figure,
            ours,
            ratio,
            to_meet,
            ..
        } = self;
        (!self.met).then(|| format!("missed: {figure}: {ours} {ratio}, to meet {to_meet}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_promise_can_be_missed() {
        let row = Row::new("f", "6 ms").beside("`true`: 1 ms").ratio(6.0);
        assert_eq!((row.verdict(), row.missed()), ("", None));
        let row = row.promise("≤ 5 ms", false);
        assert_eq!(row.verdict(), "missed");
        assert_eq!(
            row.missed().as_deref(),
            Some("missed: f: 6 ms 6.00 ×, to meet ≤ 5 ms")
        );
    }
}
