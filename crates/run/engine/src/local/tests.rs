//! Commands on this machine: as they run, as they are stopped, and as a killed engine leaves them.

use super::*;
use std::sync::{Arc, Mutex as StdMutex};
use tokio::time::sleep;
use windlass_model::{DeployId, HostName, Secret};

fn key() -> JobKey {
    JobKey {
        deploy: DeployId::new("d-test"),
        step: "local@web1".to_owned(),
        host: HostName::new("web1"),
        attempt: 1,
    }
}

fn locals() -> (tempfile::TempDir, Locals) {
    let notes = tempfile::tempdir().unwrap();
    let locals = locals_of(notes.path());
    (notes, locals)
}

fn locals_of(notes: &Path) -> Locals {
    let mut secrets = Secrets::default();
    secrets.give(key().host, "TOKEN", Secret::new("canary"));
    secrets.give(HostName::new("other"), "OTHER", Secret::new("hidden"));
    Locals::new(std::env::temp_dir(), notes.to_owned(), secrets)
}

/// Often enough on a busy machine.
const LOOK: Duration = Duration::from_millis(20);

fn listening() -> (Arc<StdMutex<Vec<JobEvent>>>, JobSink) {
    let heard = Arc::new(StdMutex::new(Vec::new()));
    let sink = Arc::clone(&heard);
    (
        heard,
        Box::new(move |event| sink.lock().unwrap().push(event)),
    )
}

fn stdout(heard: &StdMutex<Vec<JobEvent>>) -> String {
    let heard = heard.lock().unwrap();
    let bytes = heard.iter().filter_map(|event| match event {
        JobEvent::Output {
            stream: Stream::Stdout,
            bytes,
            ..
        } => Some(bytes.clone()),
        _ => None,
    });
    String::from_utf8(bytes.flatten().collect()).unwrap()
}

async fn run(command: &Command) -> (CommandEnd, String, Arc<StdMutex<Vec<JobEvent>>>) {
    let (heard, sink) = listening();
    let (notes, locals) = locals();
    let end = locals.run(command, &key(), sink).await.unwrap();
    assert_eq!(std::fs::read_dir(notes.path()).unwrap().count(), 0);
    (end, stdout(&heard), heard)
}

#[tokio::test]
async fn output_and_status_are_the_commands_own() {
    let mut command = Command::script("printf '%s' \"$GREETING\"; echo oops >&2; exit 3");
    command
        .env
        .insert("GREETING".to_owned(), "it's $HOME".to_owned());
    let (end, text, _) = run(&command).await;
    assert_eq!(end, CommandEnd::Exited(ExitStatus(3)));
    assert_eq!(text, "it's $HOME");
}

#[tokio::test]
async fn a_secret_reaches_only_a_command_that_names_it() {
    let script = "printf '%s' \"${TOKEN-none}\"";
    assert_eq!(run(&Command::script(script)).await.1, "none");
    let named = Command {
        secrets: vec!["TOKEN".to_owned()],
        ..Command::script(script)
    };
    assert_eq!(run(&named).await.1, "canary");
}

#[tokio::test]
async fn when_may_say_that_there_is_nothing_to_do() {
    let command = Command {
        when: Some("exit 1".to_owned()),
        ..Command::script("echo ran")
    };
    let (end, text, heard) = run(&command).await;
    assert!(end.success());
    assert_eq!(text, "");
    assert!(
        heard
            .lock()
            .unwrap()
            .contains(&JobEvent::Skipped { index: 0 })
    );
}

#[tokio::test]
async fn silence_and_time_have_limits() {
    let idle = Command {
        idle_timeout: Some(Duration::from_millis(100)),
        ..Command::script("sleep 600")
    };
    assert_eq!(run(&idle).await.0, CommandEnd::IdleTimedOut);
    let long = Command {
        timeout: Some(Duration::from_millis(100)),
        ..Command::script("while :; do echo; sleep 0.01; done")
    };
    assert_eq!(run(&long).await.0, CommandEnd::TimedOut);
}

#[test]
fn a_command_that_was_ended_before_it_began_leaves_no_note() {
    let (notes, locals) = locals();
    let note = locals.note(&key());
    let [.., path] = note.words();
    let mut new = path.clone();
    new.push(".new");
    for path in [path, new] {
        std::fs::write(path, "").unwrap();
    }
    note.remove();
    assert_eq!(std::fs::read_dir(notes.path()).unwrap().count(), 0);
}

/// The pid that a command prints first.
async fn pid_of(heard: &StdMutex<Vec<JobEvent>>) -> Pid {
    loop {
        if let Some((line, _)) = stdout(heard).split_once('\n') {
            return Pid::from_raw(line.parse().unwrap()).unwrap();
        }
        sleep(LOOK).await;
    }
}

fn is_gone(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    stat.is_err() || stat.is_ok_and(|text| text.contains(") Z "))
}

#[tokio::test]
async fn stopping_ends_the_whole_group() {
    let (_notes, locals) = locals();
    let (heard, sink) = listening();
    let command = Command::script("sleep 600 & echo $!; wait");
    let job = key();
    let stop = async {
        let pid = pid_of(&heard).await;
        locals.stop(&job).await.unwrap();
        pid
    };
    let (end, pid) = tokio::join!(locals.run(&command, &job, sink), stop);
    assert_eq!(end.unwrap(), CommandEnd::Cancelled);
    assert!(is_gone(pid));
}

#[tokio::test]
async fn what_is_stopped_before_it_begins_never_begins() {
    let (_notes, locals) = locals();
    locals.stop(&key()).await.unwrap();
    let (heard, sink) = listening();
    let end = locals.run(&Command::script("echo ran"), &key(), sink).await;
    assert_eq!(end.unwrap(), CommandEnd::Cancelled);
    assert_eq!(stdout(&heard), "");
}

#[tokio::test]
async fn a_dropped_command_does_not_go_on() {
    let (_notes, locals) = locals();
    let (heard, sink) = listening();
    let command = Command::script("sleep 600 & echo $!; wait");
    let job = key();
    let pid = tokio::select! {
        _ = locals.run(&command, &job, sink) => unreachable!("it sleeps"),
        pid = pid_of(&heard) => pid,
    };
    for _ in 0..500 {
        if is_gone(pid) {
            return;
        }
        sleep(LOOK).await;
    }
    panic!("it goes on");
}

/// A command as an engine that was killed leaves it: in a group of its own, with its note, followed by nobody.
fn orphan(notes: &Path, script: &str) -> Child {
    let locals = locals_of(notes);
    let file = script_file(&Command::script(script)).unwrap();
    let (_, path) = file.keep().unwrap();
    let note = locals.note(&key());
    locals
        .spawn(&Command::script(script), &key(), &note, &path)
        .unwrap()
}

async fn first_line(child: &mut Child) -> Pid {
    let mut text = String::new();
    let stdout = child.stdout.as_mut().unwrap();
    while !text.ends_with('\n') {
        text.push(char::from(stdout.read_u8().await.unwrap()));
    }
    Pid::from_raw(text.trim().parse().unwrap()).unwrap()
}

#[tokio::test]
async fn what_a_killed_engine_left_is_ended_with_all_its_group() {
    let (notes, locals) = locals();
    let mut child = orphan(notes.path(), "sleep 600 & echo $!; wait");
    let pid = first_line(&mut child).await;
    let job = key();
    let (report, _) = tokio::join!(locals.stop(&job), child.wait());
    assert_eq!(report.unwrap().end, CancelEnd::Cancelled);
    assert!(is_gone(pid));
    assert_eq!(std::fs::read_dir(notes.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn the_group_is_found_when_its_first_process_is_gone() {
    let (notes, locals) = locals();
    let mut child = orphan(notes.path(), "sleep 600 & echo $!");
    let pid = first_line(&mut child).await;
    child.wait().await.unwrap();
    locals.stop(&key()).await.unwrap();
    assert!(is_gone(pid));
}

#[tokio::test]
async fn what_was_stopped_between_two_engines_does_not_begin_late() {
    let (notes, locals) = locals();
    locals.stop(&key()).await.unwrap();
    let child = orphan(notes.path(), "echo ran");
    let output = child.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(126));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
}

#[tokio::test]
async fn a_number_that_belongs_to_another_process_now_is_left_alone() {
    let (notes, locals) = locals();
    let mut other = orphan(notes.path(), "echo $$; exec sleep 600");
    let pid = first_line(&mut other).await;
    let note = notes.path().join("d-test.local@web1.1.note");
    let line = std::fs::read_to_string(&note).unwrap();
    for changed in [
        line.trim_end().to_owned() + "1\n",
        line.replacen(' ', " 0", 1),
    ] {
        std::fs::write(&note, changed).unwrap();
        locals.stop(&key()).await.unwrap();
        assert!(!is_gone(pid));
    }
    note::signal(pid, Signal::KILL);
    other.wait().await.unwrap();
}
