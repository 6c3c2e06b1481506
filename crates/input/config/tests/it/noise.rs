//! Whatever the file holds, the answer comes in bounded time, is bounded in size, and nothing panics.

use crate::{load, numbered, rendered};
use proptest::prelude::*;
use std::time::{Duration, Instant};

const MEGABYTE: usize = 1 << 20;

fn in_time(what: &str, text: &str) {
    let start = Instant::now();
    if let Err(mistakes) = load(text) {
        let screen = rendered(&mistakes);
        assert!(
            screen.len() < 64 << 10,
            "{what}: a screen of {} bytes",
            screen.len()
        );
    }
    // Generous: the same takes a fraction of a second on an idle machine.
    assert!(
        start.elapsed() < Duration::from_secs(60),
        "{what}: {:?}",
        start.elapsed()
    );
}

fn repeated(piece: &str) -> String {
    piece.repeat(MEGABYTE / piece.len())
}

#[test]
fn a_megabyte_of_noise_is_refused_in_time() {
    // A small generator of its own: the same noise in every run.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let noise: String = (0..MEGABYTE)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            char::from(u8::try_from(state >> 57).unwrap_or_default())
        })
        .collect();
    assert!(load(&noise).is_err());
    in_time("noise", &noise);
}

#[test]
fn a_megabyte_of_anything_regular_is_answered_in_time() {
    for piece in [
        "[",
        "{",
        "a.",
        "a=1\n",
        "\"",
        "a = [",
        "a = {b = ",
        "[a]\n",
        "[[tasks]]\n",
        "\0",
        "x",
        "\n",
        "ü",
    ] {
        in_time(piece, &repeated(piece));
    }
}

#[test]
fn a_megabyte_of_one_thing_is_answered_in_time() {
    in_time(
        "keys",
        &numbered(60_000, |n| format!("keep_releases{n} = 1\n")),
    );
    in_time(
        "stages",
        &numbered(40_000, |n| format!("[stages.s{n}]\nhost = 1\n")),
    );
    in_time("braces", &format!("deploy_to = \"/{}\"", repeated("{")));
    in_time(
        "near braces",
        &format!("deploy_to = \"/{}\"", repeated("{stage ")),
    );
    in_time("long key", &format!("{} = 1", repeated("k")));
    in_time(
        "long value",
        &format!("keep_releases = \"{}\"", repeated("v")),
    );
    in_time(
        "patterns",
        &format!("[stages.s]\nhosts = [\"{}\"]", repeated("[1:100]")),
    );
    in_time("dotted", &format!("a{} = 1", repeated(".a")));
    let dirs = numbered(50_000, |n| format!("'a/b{n}',"));
    let text = format!("application = 'a'\nlinked_dirs = [{dirs}]\n[stages.s]\nhosts = ['h']");
    in_time("linked", &text);
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        drop(load(&text).map_err(|mistakes| rendered(&mistakes)));
    }

    #[test]
    fn no_mixture_of_real_pieces_panics(pieces in proptest::collection::vec(piece(), 0..40)) {
        let text = pieces.concat();
        let outcome = load(&text).map_err(|mistakes| rendered(&mistakes));
        if let Ok(config) = outcome {
            for stage in config.stages() {
                let stage = config.stage(stage).map_err(|mistakes| rendered(&mistakes));
                if let Ok(stage) = stage {
                    for host in stage.hosts() {
                        drop(stage.settings_on(host));
                    }
                    prop_assert!(stage.setting("application").len() == 1);
                }
            }
        }
    }

    #[test]
    fn no_value_of_any_key_panics(key in "[a-z_]{1,20}", value in "\\PC{0,40}") {
        let text = format!("application = \"a\"\n{key} = {}\n", toml::Value::String(value.clone()));
        drop(load(&text).map_err(|mistakes| rendered(&mistakes)));
        let text = format!("application = \"a\"\n{key} = {value}\n");
        drop(load(&text).map_err(|mistakes| rendered(&mistakes)));
    }
}

fn piece() -> impl Strategy<Value = String> {
    let pieces = [
        "application = \"a\"\n",
        "deploy_to = ",
        "\"/x/{stage}\"",
        "\n",
        "[stages.s]\n",
        "[stages.t.add]\n",
        "hosts = [",
        "\"a\"",
        ",",
        "{ address = ",
        "}",
        "]",
        "roles = ",
        "[\"app\"]",
        "[env]\n",
        "A = ",
        "[secrets]\n",
        "{ from_env = \"A\" }",
        "{ age = \"a\", key = \"A\" }",
        "{ command = \"a\" }",
        "[[tasks]]\n",
        "name = \"t\"\n",
        "run = ",
        "\"é\\n\"",
        "true",
        "5",
        "[ssh]\n",
        "jump = ",
        "[roles.app]\n",
        "path = ",
        "add.path = ",
        "linked_dirs = ",
        "\"\"\"",
        "1979-05-27",
    ];
    proptest::sample::select(pieces.map(str::to_owned).to_vec())
}
