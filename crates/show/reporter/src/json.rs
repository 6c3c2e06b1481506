//! Events as JSON, one a line, each with the number of its format.

use serde::Serialize;
use windlass_model::Event;
use windlass_model::event::EVENT_FORMAT;

#[derive(Serialize)]
struct Numbered<'a> {
    format: u32,
    #[serde(flatten)]
    event: &'a Event,
}

/// The line of an event, with its line break.
pub(crate) fn line(event: &Event) -> Result<Vec<u8>, serde_json::Error> {
    let mut line = serde_json::to_vec(&Numbered {
        format: EVENT_FORMAT,
        event,
    })?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use windlass_model::clock::Timestamp;
    use windlass_model::{DeployId, EventBody, HostName, StepId, Stream};

    fn output(bytes: &[u8]) -> Event {
        Event {
            at: Timestamp(1_795_508_102_123),
            deploy: Some(DeployId::new("d-7k3f")),
            body: EventBody::Output {
                step: StepId::new("push@web1"),
                host: HostName::new("web1"),
                stream: Stream::Stderr,
                bytes: bytes.to_vec(),
            },
        }
    }

    fn text(event: &Event) -> String {
        String::from_utf8(line(event).unwrap()).unwrap()
    }

    #[test]
    fn text_is_text_and_other_bytes_are_base64() {
        insta::assert_snapshot!(text(&output(b"a\nb")), @r#"{"format":1,"at":1795508102123,"deploy":"d-7k3f","event":"output","step":"push@web1","host":"web1","stream":"stderr","bytes":"a\nb"}"#);
        insta::assert_snapshot!(text(&output(b"\xff\x00")), @r#"{"format":1,"at":1795508102123,"deploy":"d-7k3f","event":"output","step":"push@web1","host":"web1","stream":"stderr","bytes":{"base64":"/wA="}}"#);
    }

    #[test]
    fn a_line_reads_back_as_the_same_event() {
        for event in [output(b"text"), output(&[0, 159, 146, 150])] {
            let back: Event = serde_json::from_str(&text(&event)).unwrap();
            assert_eq!(back, event);
        }
    }
}
