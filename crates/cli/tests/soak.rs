//! Long runs of the built binary: every byte of a deploy is once the last one of its connection, and random cuts.
//!
//! The ordinary suite runs a stride of each. `cargo xtask soak NAME` runs the whole: `SOAK_SHARD` (`K/N`, from 1) says
//! which part, and in the file `SOAK_PROGRESS` stands how far it came, so that a stopped run goes on there. Failures do
//! not stop a run; they stand beside the progress and fail the test at its end.

#![cfg(target_os = "linux")]

#[path = "end_to_end/support.rs"]
#[expect(dead_code, reason = "shared with the tests that need the rest of it")]
mod support;

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use support::{Run, Stage};
use windlass_lab::{Counter, Cut, CutAfter, Direction};

#[test]
#[ignore = "takes hours: cargo xtask soak every-byte"]
fn every_byte() {
    let part = Part::from_environment();
    let bytes = match *part.read() {
        [to_host, to_client, ..] => Bytes { to_host, to_client },
        _ => Bytes::of_a_deploy(&mut Scene::new()),
    };
    let mut scene = Scene::new();
    let note = [bytes.to_host, bytes.to_client];
    part.each(bytes.all(), &note, |index| {
        let (direction, byte) = bytes.at(index);
        if scene.is_used_up() {
            scene = Scene::new();
        }
        let deployed = scene.cut_at(direction, byte);
        if deployed.is_err() {
            scene = Scene::new();
        }
        deployed
    });
}

#[test]
fn a_stride_of_every_byte() {
    const POINTS: u64 = 24;
    let mut scene = Scene::new();
    let bytes = Bytes::of_a_deploy(&mut scene);
    let before = scene.stage.proxy.cuts();
    for point in 0..POINTS {
        // The middle of each part, so that neither the first nor the last byte is all there is.
        let (direction, byte) = bytes.at(bytes.all() * (2 * point + 1) / (2 * POINTS));
        if let Err(why) = scene.cut_at(direction, byte) {
            panic!("{why}");
        }
    }
    let cuts = scene.stage.proxy.cuts() - before;
    assert!(
        cuts >= POINTS * 3 / 4,
        "only {cuts} of {POINTS} deploys were cut"
    );
}

#[test]
#[ignore = "takes minutes: cargo xtask soak random-cuts"]
fn random_cuts() {
    let part = Part::from_environment();
    let jobs = Jobs::new();
    let ran = part.each(100, &[], |number| jobs.run(number));
    let cuts = jobs.stage.proxy.cuts();
    report(&format!("{cuts} cuts over {ran} jobs"));
    assert!(cuts >= 3 * ran, "only {cuts} cuts over {ran} jobs");
}

#[test]
fn some_random_cuts() {
    let jobs = Jobs::new();
    for number in 0..8 {
        if let Err(why) = jobs.run(number) {
            panic!("{why}");
        }
    }
    assert!(
        jobs.stage.proxy.cuts() >= 16,
        "{} cuts over 8 jobs",
        jobs.stage.proxy.cuts()
    );
}

/// A part of a run, and where it is noted how far it came.
struct Part {
    number: u64,
    of: u64,
    progress: Option<PathBuf>,
}

impl Part {
    fn from_environment() -> Self {
        let shard = std::env::var_os("SOAK_SHARD").unwrap_or_else(|| "1/1".into());
        let shard = shard.to_str().and_then(|text| text.split_once('/'));
        let (number, of) = shard.expect("SOAK_SHARD is K/N");
        Self {
            number: number.parse().expect("SOAK_SHARD is K/N"),
            of: of.parse().expect("SOAK_SHARD is K/N"),
            progress: std::env::var_os("SOAK_PROGRESS").map(PathBuf::from),
        }
    }

    /// The numbers that were noted, the next index last.
    fn read(&self) -> Vec<u64> {
        let text = self
            .progress
            .as_ref()
            .and_then(|path| fs::read_to_string(path).ok());
        let text = text.unwrap_or_default();
        text.split_whitespace()
            .map(|word| word.parse().expect("a number"))
            .collect()
    }

    /// Does every index of this part that is not done yet and notes it; returns how many it did.
    fn each(&self, all: u64, note: &[u64], mut act: impl FnMut(u64) -> Result<(), String>) -> u64 {
        let first = self.read().last().copied().unwrap_or(self.number - 1);
        let started = Instant::now();
        let mut done = 0;
        for index in (first..all).filter(|index| index % self.of == self.number - 1) {
            if let Err(why) = act(index) {
                report(&format!("FAILED at {index}: {why}"));
                self.append("failed", &format!("{index}: {why}\n"));
            }
            done += 1;
            self.write(note, index + 1);
            if done % 100 == 0 {
                report(&format!(
                    "{index} of {all}, {done} in {:?}",
                    started.elapsed()
                ));
            }
        }
        let failures = self.failures();
        assert!(failures.is_empty(), "{failures}");
        done
    }

    fn write(&self, note: &[u64], next: u64) {
        let Some(path) = &self.progress else { return };
        let words: Vec<String> = note
            .iter()
            .chain([&next])
            .map(ToString::to_string)
            .collect();
        let new = path.with_extension("new");
        fs::write(&new, words.join(" ")).expect("progress is written");
        fs::rename(&new, path).expect("progress is noted");
    }

    fn append(&self, ending: &str, text: &str) {
        let path = self
            .progress
            .as_ref()
            .expect("SOAK_PROGRESS is set")
            .with_extension(ending);
        let file = fs::OpenOptions::new().create(true).append(true).open(path);
        file.expect("opened")
            .write_all(text.as_bytes())
            .expect("written");
    }

    fn failures(&self) -> String {
        let path = self
            .progress
            .as_ref()
            .map(|path| path.with_extension("failed"));
        path.and_then(|path| fs::read_to_string(path).ok())
            .unwrap_or_default()
    }
}

/// How many bytes a deploy sends each way, and the order in which they are cut.
struct Bytes {
    to_host: u64,
    to_client: u64,
}

impl Bytes {
    /// The most of three undisturbed deploys; padding makes them differ a little.
    fn of_a_deploy(scene: &mut Scene) -> Self {
        let mut bytes = Self {
            to_host: 0,
            to_client: 0,
        };
        for _ in 0..3 {
            let passed = |scene: &Scene, direction| scene.stage.proxy.passed(direction);
            let before = [Direction::ToHost, Direction::ToClient].map(|way| passed(scene, way));
            if let Err(why) = scene.deploy() {
                panic!("without a cut: {why}");
            }
            bytes.to_host = bytes
                .to_host
                .max(passed(scene, Direction::ToHost) - before[0]);
            bytes.to_client = bytes
                .to_client
                .max(passed(scene, Direction::ToClient) - before[1]);
        }
        report(&format!(
            "a deploy: {} bytes to the host, {} to the client",
            bytes.to_host, bytes.to_client
        ));
        bytes
    }

    fn all(&self) -> u64 {
        self.to_host + self.to_client
    }

    /// The direction, and the byte after which it is cut.
    fn at(&self, index: u64) -> (Direction, u64) {
        match index.checked_sub(self.to_host) {
            None => (Direction::ToHost, index + 1),
            Some(index) => (Direction::ToClient, index + 1),
        }
    }
}

/// A small app that is deployed again and again.
struct Scene {
    stage: Stage,
    builds: Counter,
    deploys: u64,
}

impl Scene {
    fn new() -> Self {
        let stage = Stage::new();
        let builds = stage.host.counter("builds");
        let build = format!(
            "{}\necho out\necho err >&2\nmkdir -p public\necho built > public/artefact\n",
            builds.command()
        );
        stage.configure(
            "",
            &format!("[[tasks]]\nname = \"build\"\nafter = \"updated\"\nrun = '''\n{build}'''\n"),
        );
        let mut scene = Self {
            stage,
            builds,
            deploys: 0,
        };
        if let Err(why) = scene.deploy() {
            panic!("the first deploy: {why}");
        }
        scene
    }

    /// Repositories and journals grow; a run of hours is to be the same deploy from its first hour to its last.
    fn is_used_up(&self) -> bool {
        self.deploys >= 200
    }

    /// A deploy whose connection is reset after this byte.
    fn cut_at(&mut self, direction: Direction, byte: u64) -> Result<(), String> {
        self.stage
            .proxy
            .cut_after(direction, CutAfter::Once(byte), Cut::Reset);
        let deployed = self.deploy();
        self.stage.proxy.no_cut_after(direction);
        deployed.map_err(|why| format!("cut after byte {byte} {direction:?}: {why}"))
    }

    /// A deploy of a new commit, and what must be true afterwards.
    fn deploy(&mut self) -> Result<(), String> {
        self.deploys += 1;
        let commit = self
            .stage
            .repo
            .commit(&[("number", &self.deploys.to_string())])
            .expect("a commit");
        let (before, built) = (self.stage.host.live(), self.builds.count());
        let run = self.stage.run(&["deploy", "production", "--json", "--yes"]);
        let wrong = self.what_is_wrong(&run, &commit, before.as_deref(), built);
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(format!("{}\n{run}", wrong.join("; ")))
        }
    }

    fn what_is_wrong(
        &self,
        run: &Run,
        commit: &str,
        before: Option<&str>,
        built: usize,
    ) -> Vec<String> {
        let live = self.stage.host.live();
        let file = |path: &str| {
            let path = format!("releases/{}/{path}", live.as_deref().unwrap_or_default());
            String::from_utf8_lossy(&self.stage.host.read(&path).unwrap_or_default())
                .trim()
                .to_owned()
        };
        let builds = self.builds.count() - built;
        let left = self.left();
        let checks = [
            (run.code == 0, format!("exit {}", run.code)),
            (
                live.as_deref() > before,
                format!("live is {live:?}, before it was {before:?}"),
            ),
            (
                file("REVISION") == commit,
                format!("the live revision is {}", file("REVISION")),
            ),
            (
                file("public/artefact") == "built",
                "the artefact is missing".to_owned(),
            ),
            (builds == 1, format!("{builds} builds")),
            (
                run.output_of("build", "stdout") == b"out\n",
                "standard output is not whole".to_owned(),
            ),
            (
                run.output_of("build", "stderr") == b"err\n",
                "standard error is not whole".to_owned(),
            ),
            (left.is_empty(), format!("left: {left}")),
        ];
        checks
            .into_iter()
            .filter(|(right, _)| !right)
            .map(|(_, words)| words)
            .collect()
    }

    /// What is left on the host after some seconds of patience.
    fn left(&self) -> String {
        let end = Instant::now() + Duration::from_secs(10);
        loop {
            let left = self.stage.host.left();
            if left.is_empty() || Instant::now() > end {
                return left;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Commands that write bytes of every kind to both streams and end with a status of their own.
struct Jobs {
    stage: Stage,
    starts: PathBuf,
    script: PathBuf,
}

impl Jobs {
    const LINES: usize = 1500;

    fn new() -> Self {
        let stage = Stage::new();
        stage.configure("", "");
        let starts = stage.host.outside().join("starts");
        let script = stage.host.outside().join("job");
        let text = format!(
            "echo $1 >> '{}'\ni=0\nwhile [ $i -lt {} ]; do printf 'line %05d \\000\\001\\377\\n' $i; \
             printf 'Zeile %05d \\377\\r\\n' $i >&2; i=$((i+1)); done\nexit $(($1 % 200))\n",
            starts.display(),
            Self::LINES
        );
        fs::write(&script, text).expect("a script");
        Self {
            stage,
            starts,
            script,
        }
    }

    /// Runs one with its connections reset after numbers of bytes drawn by the job's own number.
    fn run(&self, number: u64) -> Result<(), String> {
        let after = CutAfter::Random {
            range: 3_000..40_000,
            seed: number,
        };
        self.stage
            .proxy
            .cut_after(Direction::ToClient, after, Cut::Reset);
        let script = self.script.display().to_string();
        let run = self.stage.run(&[
            "exec",
            "production",
            "--json",
            "--",
            "sh",
            &script,
            &number.to_string(),
        ]);
        self.stage.proxy.no_cut_after(Direction::ToClient);
        let wrong = self.what_is_wrong(&run, number);
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(format!("job {number}: {}\n{run}", wrong.join("; ")))
        }
    }

    fn what_is_wrong(&self, run: &Run, number: u64) -> Vec<String> {
        let starts = fs::read_to_string(&self.starts).unwrap_or_default();
        let starts = starts
            .lines()
            .filter(|line| *line == number.to_string())
            .count();
        let (stdout, stderr) = (
            run.output_of("exec", "stdout"),
            run.output_of("exec", "stderr"),
        );
        let checks = [
            (
                i64::from(run.code) == (number % 200).cast_signed(),
                format!("exit {}", run.code),
            ),
            (starts == 1, format!("started {starts} times")),
            (
                stdout == Self::expected("line ", b" \x00\x01\xff\n"),
                format!("{} bytes of stdout differ", stdout.len()),
            ),
            (
                stderr == Self::expected("Zeile ", b" \xff\r\n"),
                format!("{} bytes of stderr differ", stderr.len()),
            ),
        ];
        checks
            .into_iter()
            .filter(|(right, _)| !right)
            .map(|(_, words)| words)
            .collect()
    }

    fn expected(before: &str, after: &[u8]) -> Vec<u8> {
        let lines =
            (0..Self::LINES).map(|i| [format!("{before}{i:05}").as_bytes(), after].concat());
        lines.collect::<Vec<_>>().concat()
    }
}

#[expect(clippy::print_stderr, reason = "a run of hours has to be watched")]
fn report(line: &str) {
    eprintln!("{line}");
}
