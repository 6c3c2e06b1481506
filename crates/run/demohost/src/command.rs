//! One command on a channel: a child of /bin/sh with three pipes.
//!
//! As with sshd without a terminal, the end of the channel closes the pipes and sends no signal; the status is told as
//! soon as the shell has ended, and the channel closes when nobody holds stdout and stderr any more.

use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;

use russh::server::{Handle, Msg};
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Sig};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{mpsc, watch};

use crate::host::{MARK, World};

const PIECE: usize = 32 * 1024;
/// The kind of extended data that is stderr (RFC 4254, 5.2).
const STDERR: u32 = 1;
const NOT_STARTED: u32 = 127;

type Writer = ChannelWriteHalf<Msg>;

/// Waits for the channel's command and runs it to its end, or to the channel's.
pub(crate) async fn serve(channel: Channel<Msg>, handle: Handle, world: Arc<World>) {
    let (mut reader, writer) = channel.split();
    let Some(command) = requested(&mut reader).await else {
        return;
    };
    let ended = match spawn(command, &world) {
        Ok(child) => run(child, &mut reader, &writer, &handle).await,
        Err(error) => {
            let text = format!("cannot start /bin/sh: {error}\n");
            let told = writer.extended_data_bytes(STDERR, text.into_bytes()).await;
            told.is_ok() && writer.exit_status(NOT_STARTED).await.is_ok()
        }
    };
    if ended && writer.eof().await.is_ok() {
        // The connection may end at any time; then there is nobody to tell.
        writer.close().await.ok();
    }
}

async fn requested(reader: &mut ChannelReadHalf) -> Option<Vec<u8>> {
    loop {
        match reader.wait().await? {
            ChannelMsg::Exec { command, .. } => return Some(command),
            ChannelMsg::Close => return None,
            _ => {}
        }
    }
}

fn spawn(command: Vec<u8>, world: &World) -> std::io::Result<Child> {
    Command::new("/bin/sh")
        .arg("-c")
        .arg(std::ffi::OsString::from_vec(command))
        .current_dir(&world.home)
        .env_clear()
        .env(
            "PATH",
            "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
        )
        .env("USER", "demo")
        .env("LOGNAME", "demo")
        .env("SHELL", "/bin/sh")
        .envs(world.environment.iter().map(|(name, value)| (name, value)))
        .env("HOME", &world.home)
        .env(MARK, &world.home)
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

/// `false` if the channel ended first: the pipes are closed, the child goes on.
async fn run(
    mut child: Child,
    reader: &mut ChannelReadHalf,
    writer: &Writer,
    handle: &Handle,
) -> bool {
    let (input, pieces) = mpsc::unbounded_channel();
    let (running, ends) = watch::channel(child.id());
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let status = async {
        let status = child.wait().await;
        // From here on the number may be another process's.
        running.send_replace(None);
        tell(status, writer, handle).await;
    };
    let output = async {
        tokio::join!(
            copy(stdout, writer, None),
            copy(stderr, writer, Some(STDERR)),
            status
        );
    };
    // On its own, since what arrived before the channel closed still belongs to the command.
    tokio::spawn(feed(stdin, pieces));
    tokio::select! {
        () = output => true,
        () = listen(reader, input, &ends) => false,
    }
}

/// Takes what the client sends; returns when the channel ends.
///
/// russh stops the whole connection while a channel is not read, so that input which the command does not read yet
/// is kept here. It is the client of a demo or a test, which has no more than it needs.
async fn listen(
    reader: &mut ChannelReadHalf,
    input: mpsc::UnboundedSender<Vec<u8>>,
    group: &watch::Receiver<Option<u32>>,
) {
    let mut input = Some(input);
    while let Some(message) = reader.wait().await {
        match message {
            ChannelMsg::Data { data } => {
                if let Some(input) = &input {
                    // A command that has closed its stdin wants no more.
                    input.send(data.to_vec()).ok();
                }
            }
            ChannelMsg::Eof => drop(input.take()),
            ChannelMsg::Signal { signal } => deliver(&signal, *group.borrow()),
            ChannelMsg::Close => return,
            _ => {}
        }
    }
}

async fn feed(stdin: Option<ChildStdin>, mut pieces: mpsc::UnboundedReceiver<Vec<u8>>) {
    let Some(mut stdin) = stdin else { return };
    while let Some(piece) = pieces.recv().await {
        if stdin.write_all(&piece).await.is_err() {
            return;
        }
    }
}

/// Sends all of a pipe, as fast as the client takes it.
async fn copy(pipe: Option<impl AsyncRead + Unpin>, writer: &Writer, kind: Option<u32>) {
    let Some(mut pipe) = pipe else { return };
    loop {
        let mut bytes = vec![0; PIECE];
        match pipe.read(&mut bytes).await {
            Ok(0) | Err(_) => return,
            Ok(count) => bytes.truncate(count),
        }
        let sent = match kind {
            None => writer.data_bytes(bytes).await,
            Some(kind) => writer.extended_data_bytes(kind, bytes).await,
        };
        if sent.is_err() {
            return;
        }
    }
}

async fn tell(status: std::io::Result<ExitStatus>, writer: &Writer, handle: &Handle) {
    let Ok(status) = status else { return };
    if let Some(code) = status.code() {
        let code = u32::try_from(code).unwrap_or(NOT_STARTED);
        // The connection may end at any time; then there is nobody to tell.
        writer.exit_status(code).await.ok();
    } else if let Some(signal) = status.signal() {
        let (name, core) = (signal_name(signal), status.core_dumped());
        handle
            .exit_signal_request(writer.id(), name, core, String::new(), String::new())
            .await
            .ok();
    }
}

fn deliver(signal: &Sig, group: Option<u32>) {
    let pid = group.and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
    let number = match signal {
        Sig::ABRT => Some(Signal::ABORT),
        Sig::ALRM => Some(Signal::ALARM),
        Sig::HUP => Some(Signal::HUP),
        Sig::INT => Some(Signal::INT),
        Sig::KILL => Some(Signal::KILL),
        Sig::QUIT => Some(Signal::QUIT),
        Sig::TERM => Some(Signal::TERM),
        Sig::USR1 => Some(Signal::USR1),
        _ => None,
    };
    if let (Some(pid), Some(number)) = (pid, number) {
        // A group that ended meanwhile needs no signal.
        kill_process_group(pid, number).ok();
    }
}

fn signal_name(number: i32) -> Sig {
    const NAMES: [(Signal, Sig); 11] = [
        (Signal::ABORT, Sig::ABRT),
        (Signal::ALARM, Sig::ALRM),
        (Signal::FPE, Sig::FPE),
        (Signal::HUP, Sig::HUP),
        (Signal::ILL, Sig::ILL),
        (Signal::INT, Sig::INT),
        (Signal::KILL, Sig::KILL),
        (Signal::PIPE, Sig::PIPE),
        (Signal::QUIT, Sig::QUIT),
        (Signal::SEGV, Sig::SEGV),
        (Signal::TERM, Sig::TERM),
    ];
    let found = NAMES.iter().find(|(signal, _)| signal.as_raw() == number);
    found.map_or_else(
        || Sig::Custom(format!("SIG{number}@windlass")),
        |(_, name)| name.clone(),
    )
}
