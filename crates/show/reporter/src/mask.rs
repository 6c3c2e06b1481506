//! Values that are shown as `***` in every output, also where one arrives in pieces.
//!
//! What is masked does not depend on how a stream was cut into chunks: a beginning of a value is held back until the
//! next bytes show whether it is one. Where two values overlap, all that either covers is masked. Ids of hosts, tasks
//! and steps are names from the settings and pass as they are.

use std::collections::HashMap;
use windlass_model::event::{DeploySummary, EndSummary};
use windlass_model::{Event, EventBody, HostName, Secret, StepId, StepOutcome, Stream};

const MASK: &[u8] = b"***";

/// A line of a value is masked by itself from this length on: tools print keys of several lines a line at a time.
const SHORTEST_LINE: usize = 8;

/// The values.
#[derive(Clone, Default)]
pub struct Masks {
    values: Vec<Vec<u8>>,
}

impl std::fmt::Debug for Masks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Masks({})", self.values.len())
    }
}

impl Masks {
    /// Masks these values; empty ones are left out.
    pub fn new(secrets: &[Secret]) -> Self {
        let mut values: Vec<Vec<u8>> = Vec::new();
        for secret in secrets {
            let value = secret.reveal();
            values.push(value.into());
            if value.trim_end().contains('\n') {
                values.push(value.replace('\n', "\r\n").into());
            }
            values.push(value.trim_end_matches(['\r', '\n']).into());
            let lines = value.lines().filter(|line| line.len() >= SHORTEST_LINE);
            values.extend(lines.map(Into::into));
        }
        values.retain(|value| !value.is_empty());
        values.sort_unstable();
        values.dedup();
        Self { values }
    }

    /// Whether there is nothing to mask.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The text with every value masked.
    pub fn text(&self, text: &str) -> String {
        if self.is_empty() {
            return text.to_owned();
        }
        let masked = self.feed(&mut Carry::default(), text.as_bytes(), true);
        String::from_utf8_lossy(&masked).into_owned()
    }

    /// Masks the next chunk of a stream. With `last` nothing is held back.
    fn feed(&self, carry: &mut Carry, bytes: &[u8], last: bool) -> Vec<u8> {
        carry.held.extend_from_slice(bytes);
        let mut masked = Vec::with_capacity(carry.held.len());
        let mut covered = carry.covered;
        let mut at = 0;
        while let Some((&first, rest)) = carry
            .held
            .get(at..)
            .and_then(|rest| Some((rest.first()?, rest)))
        {
            if !last && self.may_begin(rest) {
                break;
            }
            if let Some(length) = self.longest_at(rest) {
                if at >= covered {
                    masked.extend_from_slice(MASK);
                }
                covered = covered.max(at + length);
            }
            if at >= covered {
                masked.push(first);
            }
            at += 1;
        }
        carry.held.drain(..at);
        carry.covered = covered.saturating_sub(at);
        masked
    }

    /// Whether `rest` is all there is so far of a longer value.
    fn may_begin(&self, rest: &[u8]) -> bool {
        self.values
            .iter()
            .any(|value| value.len() > rest.len() && value.starts_with(rest))
    }

    fn longest_at(&self, rest: &[u8]) -> Option<usize> {
        self.values
            .iter()
            .filter(|value| rest.starts_with(value))
            .map(Vec::len)
            .max()
    }
}

/// What is held back of one stream.
#[derive(Debug, Default)]
struct Carry {
    held: Vec<u8>,
    /// How many of the bytes held lie in a value that was masked already.
    covered: usize,
}

/// Masks whole events; remembers the streams of running steps.
#[derive(Debug, Default)]
pub(crate) struct EventMasks {
    masks: Masks,
    streams: HashMap<(StepId, Stream), (HostName, Carry)>,
}

impl EventMasks {
    pub(crate) fn new(masks: Masks) -> Self {
        Self {
            masks,
            streams: HashMap::new(),
        }
    }

    /// Whether events pass as they are.
    pub(crate) fn is_idle(&self) -> bool {
        self.masks.is_empty()
    }

    /// The text with every value masked.
    pub(crate) fn text(&self, text: &str) -> String {
        self.masks.text(text)
    }

    /// The event with every value masked; before the end of a step what was held back of its output.
    pub(crate) fn apply(&mut self, event: &Event) -> Vec<Event> {
        let mut events = Vec::new();
        let mut event = event.clone();
        match &event.body {
            EventBody::StepEnded { step, .. }
            | EventBody::UndoStarted { step, .. }
            | EventBody::UndoEnded { step, .. }
            | EventBody::StepRetried { step, .. } => {
                self.release(&event, Some(step), &mut events);
            }
            EventBody::DeployEnded { .. } => self.release(&event, None, &mut events),
            _ => {}
        }
        if !self.output(&mut event) {
            return events;
        }
        self.fields(&mut event.body);
        events.push(event);
        events
    }

    /// Masks the bytes of an output event; false where nothing of it can be shown yet.
    fn output(&mut self, event: &mut Event) -> bool {
        let EventBody::Output {
            step,
            host,
            stream,
            bytes,
        } = &mut event.body
        else {
            return true;
        };
        let (_, carry) = self
            .streams
            .entry((step.clone(), *stream))
            .or_insert_with(|| (host.clone(), Carry::default()));
        *bytes = self.masks.feed(carry, bytes, false);
        !bytes.is_empty()
    }

    /// What is still held back of one step, or of all.
    fn release(&mut self, cause: &Event, only: Option<&StepId>, events: &mut Vec<Event>) {
        let mut keys: Vec<(StepId, Stream)> = self
            .streams
            .keys()
            .filter(|(step, _)| only.is_none_or(|only| only == step))
            .cloned()
            .collect();
        keys.sort_unstable_by(|a, b| {
            a.0.cmp(&b.0)
                .then((a.1 == Stream::Stderr).cmp(&(b.1 == Stream::Stderr)))
        });
        for key in keys {
            let Some((host, mut carry)) = self.streams.remove(&key) else {
                continue;
            };
            let bytes = self.masks.feed(&mut carry, &[], true);
            if bytes.is_empty() {
                continue;
            }
            let (step, stream) = key;
            events.push(Event {
                body: EventBody::Output {
                    step,
                    host,
                    stream,
                    bytes,
                },
                ..cause.clone()
            });
        }
    }

    fn fields(&self, body: &mut EventBody) {
        match body {
            EventBody::DeployStarted { summary, .. } => self.start(summary),
            EventBody::TaskStarted { show, .. }
            | EventBody::StepStarted { show, .. }
            | EventBody::UndoStarted { show, .. } => self.hide(show),
            EventBody::StepEnded { outcome, note, .. } => {
                self.outcome(outcome);
                self.hide_all(note);
            }
            EventBody::UndoEnded { outcome, .. } => self.outcome(outcome),
            EventBody::UnwindStarted { reason } => self.hide(reason),
            EventBody::Warning { message, hint, .. } => {
                self.hide(message);
                self.hide_all(hint);
            }
            EventBody::DeployEnded { summary } => self.end(summary),
            EventBody::Output { .. }
            | EventBody::StepPulse { .. }
            | EventBody::StepRetried { .. }
            | EventBody::ConnectionLost { .. }
            | EventBody::ConnectionSilent { .. }
            | EventBody::StillReconnecting { .. }
            | EventBody::ConnectionBack { .. } => {}
        }
    }

    fn start(&self, summary: &mut DeploySummary) {
        self.hide(&mut summary.application);
        self.hide(&mut summary.stage);
        self.hide_all(&mut summary.branch);
        self.hide_all(&mut summary.subject);
    }

    fn end(&self, summary: &mut EndSummary) {
        if let Some(failed) = &mut summary.failed {
            self.hide(&mut failed.show);
            self.outcome(&mut failed.outcome);
        }
        self.hide_all(
            summary
                .live
                .iter_mut()
                .filter_map(|(_, live)| live.as_mut()),
        );
        for told in [
            &mut summary.in_doubt,
            &mut summary.moved_aside,
            &mut summary.still_runs,
        ] {
            self.hide_all(told.iter_mut().map(|(_, text)| text));
        }
        self.hide_all(&mut summary.next);
        self.hide_all(&mut summary.log);
    }

    fn outcome(&self, outcome: &mut StepOutcome) {
        if let StepOutcome::Broken { reason } = outcome {
            self.hide(reason);
        }
    }

    fn hide_all<'a>(&self, texts: impl IntoIterator<Item = &'a mut String>) {
        texts.into_iter().for_each(|text| self.hide(text));
    }

    fn hide(&self, text: &mut String) {
        *text = self.masks.text(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn masks(values: &[&str]) -> Masks {
        Masks::new(
            &values
                .iter()
                .map(|value| Secret::new(*value))
                .collect::<Vec<_>>(),
        )
    }

    fn chunked(masks: &Masks, chunks: &[&[u8]]) -> Vec<u8> {
        let mut carry = Carry::default();
        let mut all = Vec::new();
        for chunk in chunks {
            all.extend(masks.feed(&mut carry, chunk, false));
        }
        all.extend(masks.feed(&mut carry, &[], true));
        all
    }

    #[test]
    fn values_are_masked_wherever_they_lie() {
        let masks = masks(&["hunter2", "hunter2000"]);
        assert_eq!(
            masks.text("a hunter2 b hunter2000 c hunter"),
            "a *** b *** c hunter"
        );
        assert_eq!(
            chunked(&masks, &[b"hun", b"ter", b"2", b"00", b"0!"]),
            b"***!"
        );
        assert_eq!(chunked(&masks, &[b"hunter2", b"001"]), b"***001");
    }

    #[test]
    fn overlapping_values_leave_nothing_of_either() {
        let masks = masks(&["abcd", "cdef"]);
        assert_eq!(masks.text("xabcdefy"), "x***y");
        assert_eq!(chunked(&masks, &[b"xabc", b"de", b"fy"]), b"x***y");
    }

    #[test]
    fn the_lines_of_a_long_value_are_masked_one_by_one() {
        let masks = masks(&["-----BEGIN\nc2VjcmV0IQ==\nshort\n"]);
        assert_eq!(masks.text("k: c2VjcmV0IQ== and short"), "k: *** and short");
        assert_eq!(
            masks.text("-----BEGIN\r\nc2VjcmV0IQ==\r\nshort\r\n."),
            "***."
        );
    }

    #[test]
    fn an_empty_value_masks_nothing() {
        assert!(masks(&["", "\n"]).text("a\nb").contains('a'));
        assert!(masks(&[""]).is_empty());
    }

    proptest! {
        #[test]
        fn chunks_do_not_matter(text in "[ab]{0,60}", cuts in prop::collection::vec(0_usize..60, 0..6),
            values in prop::collection::vec("[ab]{1,6}", 1..4)) {
            let masks = masks(&values.iter().map(String::as_str).collect::<Vec<_>>());
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.sort_unstable();
            let mut chunks = Vec::new();
            let mut from = 0;
            for cut in cuts {
                chunks.push(&text.as_bytes()[from..cut]);
                from = cut;
            }
            chunks.push(&text.as_bytes()[from..]);
            prop_assert_eq!(String::from_utf8(chunked(&masks, &chunks)).unwrap(), masks.text(&text));
        }

        #[test]
        fn nothing_of_a_value_is_left(before in "[a-z]{0,20}", after in "[a-z]{0,20}", value in "[A-Z]{1,20}", cut in 0_usize..60) {
            let masks = masks(&[&value]);
            let text = format!("{before}{value}{after}");
            let (head, tail) = text.as_bytes().split_at(cut.min(text.len()));
            let shown = String::from_utf8(chunked(&masks, &[head, tail])).unwrap();
            prop_assert_eq!(shown, format!("{before}***{after}"));
        }
    }
}
