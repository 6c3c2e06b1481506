//! How we log in, and what is said where nobody is let in.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use windlass_lab::{Key, KeyKind, Sshd};
use windlass_model::{ExitCode, Secret};
use windlass_transport::{
    Attention, AuthError, AuthOptions, Error, Prompt, Prompter, SessionEvent, SessionOptions,
};

use crate::support::{open, options, text};

const PASSPHRASE: &str = "correct horse";

fn with(sshd: &Sshd, auth: AuthOptions) -> SessionOptions {
    SessionOptions {
        auth,
        ..options(sshd, sshd.address())
    }
}

async fn gets_in(options: SessionOptions) {
    let (session, _events) = open(options).await.unwrap();
    assert_eq!(text(&session, "echo in").await, "in\n");
}

async fn refused(options: SessionOptions) -> AuthError {
    let error = open(options).await.err().expect("nobody should get in");
    assert_eq!(error.exit_code(), ExitCode::Authentication);
    match error {
        Error::Authentication(refused) => refused,
        other => panic!("{other:?}"),
    }
}

/// Answers with these one after the other, and keeps what was asked.
fn prompter(answers: &[&str]) -> (Prompter, Arc<Mutex<Vec<Prompt>>>) {
    let asked = Arc::<Mutex<Vec<Prompt>>>::default();
    let kept = Arc::clone(&asked);
    let left: Vec<String> = answers.iter().rev().map(|&word| word.to_owned()).collect();
    let left = Mutex::new(left);
    let prompter = Prompter::new(&Attention::default(), move |prompt| {
        kept.lock().unwrap().push(prompt);
        left.lock().unwrap().pop().map(Secret::new)
    });
    (prompter, asked)
}

/// An ssh-agent; ended when dropped.
struct Agent {
    child: Child,
    socket: PathBuf,
}

impl Agent {
    fn start(dir: &Path) -> Self {
        let socket = dir.join("agent");
        let mut command = Command::new("ssh-agent");
        let command = command.arg("-D").arg("-a").arg(&socket);
        let child = command.stdout(Stdio::null()).spawn().unwrap();
        let agent = Self { child, socket };
        let began = std::time::Instant::now();
        while !agent.socket.exists() {
            assert!(began.elapsed() < crate::support::LONG);
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        agent
    }

    fn add(&self, key: &Key) {
        let mut command = Command::new("ssh-add");
        command.arg("-q").arg(key.path());
        let added = command.env("SSH_AUTH_SOCK", &self.socket).status();
        assert!(added.unwrap().success());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[tokio::test]
async fn a_refusal_names_what_was_tried_and_what_the_server_allows() {
    let sshd = Sshd::builder()
        .config("PasswordAuthentication yes")
        .start()
        .unwrap();
    let stranger = Key::generate(sshd.dir().join("stranger"), KeyKind::Ecdsa).unwrap();
    let missing = sshd.dir().join("missing");
    let auth = AuthOptions {
        identities: vec![missing.clone(), stranger.path().to_owned()],
        ..AuthOptions::default()
    };
    let refused = refused(with(&sshd, auth)).await;
    let [tried] = refused.tried.as_slice() else {
        panic!("{refused:?}");
    };
    for part in ["ecdsa", "SHA256:", &stranger.path().display().to_string()] {
        assert!(tried.contains(part), "{tried}");
    }
    for method in ["publickey", "password"] {
        assert!(refused.allowed.iter().any(|one| one == method), "{refused}");
    }
    assert!(refused.to_string().contains(tried.as_str()), "{refused}");
    let missing = format!("{}: no such file", missing.display());
    assert_eq!(refused.unusable, [missing]);
}

#[tokio::test]
async fn a_refusal_without_a_key_to_offer_names_what_the_server_allows() {
    let sshd = Sshd::start_plain().unwrap();
    let refused = refused(with(&sshd, AuthOptions::default())).await;
    assert!(refused.tried.is_empty(), "{refused:?}");
    assert!(
        refused.to_string().contains("it allows publickey"),
        "{refused}"
    );
}

#[tokio::test]
async fn an_encrypted_key_is_asked_for_once_and_again_where_the_passphrase_was_wrong() {
    let sshd = Sshd::start_plain().unwrap();
    let key = Key::encrypted(sshd.dir().join("locked"), KeyKind::Ed25519, PASSPHRASE).unwrap();
    sshd.authorize(&key).unwrap();
    let (prompter, asked) = prompter(&["wrong", PASSPHRASE]);
    let auth = AuthOptions {
        identities: vec![key.path().to_owned()],
        prompter: Some(prompter),
        ..AuthOptions::default()
    };
    gets_in(with(&sshd, auth.clone())).await;
    gets_in(with(&sshd, auth)).await;
    let wanted = [false, true].map(|again| Prompt::Passphrase {
        file: key.path().to_owned(),
        again,
    });
    assert_eq!(*asked.lock().unwrap(), wanted);
}

#[tokio::test]
async fn an_encrypted_key_with_nobody_to_ask_is_named() {
    let sshd = Sshd::start_plain().unwrap();
    let key = Key::encrypted(sshd.dir().join("locked"), KeyKind::Ed25519, PASSPHRASE).unwrap();
    let auth = AuthOptions {
        identities: vec![key.path().to_owned()],
        ..AuthOptions::default()
    };
    let refused = refused(with(&sshd, auth)).await;
    let [why] = refused.unusable.as_slice() else {
        panic!("{refused:?}");
    };
    assert!(
        why.contains("locked") && why.contains("passphrase"),
        "{why}"
    );
}

#[tokio::test]
async fn a_certificate_beside_its_key_or_named_lets_in() {
    let sshd = Sshd::start_plain().unwrap();
    let authority = Key::generate(sshd.dir().join("authority"), KeyKind::Ed25519).unwrap();
    sshd.authorize_authority(&authority).unwrap();
    let key = Key::generate(sshd.dir().join("certified"), KeyKind::Ed25519).unwrap();
    let auth = AuthOptions {
        identities: vec![key.path().to_owned()],
        ..AuthOptions::default()
    };
    refused(with(&sshd, auth.clone())).await;
    let beside = key.certify_user(&authority, sshd.user()).unwrap();
    gets_in(with(&sshd, auth.clone())).await;
    let elsewhere = sshd.dir().join("certificate.pub");
    std::fs::rename(beside, &elsewhere).unwrap();
    refused(with(&sshd, auth.clone())).await;
    let named = AuthOptions {
        certificates: vec![elsewhere],
        ..auth
    };
    gets_in(with(&sshd, named)).await;
}

#[tokio::test]
async fn the_ssh_agent_s_keys_let_in_unless_only_named_ones_may() {
    let sshd = Sshd::start_plain().unwrap();
    let stranger = Key::generate(sshd.dir().join("stranger"), KeyKind::Ed25519).unwrap();
    let agent = Agent::start(sshd.dir());
    for kind in [KeyKind::Ed25519, KeyKind::Rsa] {
        let key = Key::generate(sshd.dir().join(format!("{kind:?}")), kind).unwrap();
        sshd.authorize(&key).unwrap();
        agent.add(&key);
    }
    let auth = AuthOptions {
        agent: Some(agent.socket.clone()),
        ..AuthOptions::default()
    };
    gets_in(with(&sshd, auth.clone())).await;
    let only = |key: PathBuf| AuthOptions {
        identities: vec![key],
        identities_only: true,
        ..auth.clone()
    };
    let refused = refused(with(&sshd, only(stranger.path().to_owned()))).await;
    assert_eq!(refused.tried.len(), 1, "{refused}");
    // The ssh-agent holds the private half, so the public one is enough.
    gets_in(with(&sshd, only(sshd.dir().join("Rsa.pub")))).await;
}

#[tokio::test]
async fn an_ssh_agent_that_is_not_there_is_named_and_does_not_stand_in_the_way() {
    let sshd = Sshd::start_plain().unwrap();
    let mut with_key = options(&sshd, sshd.address());
    with_key.auth.agent = Some(sshd.dir().join("no-agent"));
    gets_in(with_key).await;
    let auth = AuthOptions {
        agent: Some(sshd.dir().join("no-agent")),
        ..AuthOptions::default()
    };
    let refused = refused(with(&sshd, auth)).await;
    assert!(
        refused.unusable.iter().any(|why| why.contains("no-agent")),
        "{refused:?}"
    );
}

/// Something at the socket of an ssh-agent that says which key it holds, and then nothing but what `says` makes of a
/// request. Ended with the test.
fn mute_agent(socket: &Path, key: &Key, says: fn(u8) -> Option<u8>) {
    let line = std::fs::read_to_string(key.path().with_extension("pub")).unwrap();
    let blob = line.split(' ').nth(1).unwrap();
    let blob = base64::engine::general_purpose::STANDARD
        .decode(blob)
        .unwrap();
    let length = u32::try_from(blob.len()).unwrap().to_be_bytes();
    let identities = [&[12, 0, 0, 0, 1], &length[..], &blob, &[0; 4]].concat();
    let listener = tokio::net::UnixListener::bind(socket).unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let identities = identities.clone();
            tokio::spawn(async move {
                while let Ok(length) = stream.read_u32().await {
                    let mut request = vec![0; usize::try_from(length).unwrap()];
                    stream.read_exact(&mut request).await.unwrap();
                    let answer = match request[0] {
                        11 => identities.clone(),
                        other => says(other).into_iter().collect(),
                    };
                    if !answer.is_empty() {
                        let length = u32::try_from(answer.len()).unwrap();
                        stream.write_u32(length).await.unwrap();
                        stream.write_all(&answer).await.unwrap();
                    }
                }
            });
        }
    });
}

#[tokio::test]
async fn an_ssh_agent_that_hangs_is_passed_over_in_time_and_named() {
    // It hangs when it is to sign; and already when it is told of the session.
    let ways: [fn(u8) -> Option<u8>; 2] = [|kind| (kind != 13).then_some(5), |_| None];
    for says in ways {
        let sshd = Sshd::start_plain().unwrap();
        let held = Key::generate(sshd.dir().join("held"), KeyKind::Ed25519).unwrap();
        sshd.authorize(&held).unwrap();
        let socket = sshd.dir().join("mute");
        mute_agent(&socket, &held, says);
        let auth = AuthOptions {
            agent: Some(socket.clone()),
            agent_answers_within: Some(std::time::Duration::from_secs(1)),
            ..AuthOptions::default()
        };
        let alone = refused(with(&sshd, auth.clone())).await;
        for part in ["no answer within 1 s", "mute"] {
            assert!(alone.to_string().contains(part), "{alone}");
        }
        let beside = AuthOptions {
            // The file of the very key that the ssh-agent holds.
            default_identities: vec![held.path().to_owned()],
            ..auth
        };
        let (session, events) = open(with(&sshd, beside)).await.unwrap();
        assert_eq!(text(&session, "echo in").await, "in\n");
        let told = |event: &SessionEvent| matches!(event, SessionEvent::Warning(text) if text.contains("no answer within 1 s"));
        events.wait(told).await;
    }
}
