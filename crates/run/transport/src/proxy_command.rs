//! A command whose input and output are the connection.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};

use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt as _, AsyncWrite, BufReader, Join, ReadBuf, join,
};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::options::Endpoint;
use crate::{percent, task};

/// The longest piece of what the command says that is kept as one line.
const LINE: usize = 1024;

/// The running command; killed when dropped.
pub(crate) struct ProxyCommand {
    bytes: Join<ChildStdout, ChildStdin>,
    _child: Child,
}

impl ProxyCommand {
    /// Starts the command for an end. It is run by a shell, as ssh does; what is filled in is of a strict grammar.
    pub(crate) fn start(command: &str, to: &Endpoint) -> io::Result<Self> {
        let mut child = Command::new("sh")
            .arg("-c")
            .arg(format!("exec {}", fill(command, to)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let missing = || io::Error::other("no pipe to the command");
        let stdin = child.stdin.take().ok_or_else(missing)?;
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let stderr = child.stderr.take().ok_or_else(missing)?;
        task::spawn("proxy command", async move {
            let say = |line: &str| tracing::warn!("proxy command: {}", line.escape_debug());
            if let Err(error) = listen(stderr, say).await {
                tracing::warn!(%error, "what the proxy command says is no longer heard");
            }
        });
        Ok(Self {
            bytes: join(stdout, stdin),
            _child: child,
        })
    }
}

/// Reads to the end, whatever comes: a command that nobody listens to is killed by what it says next.
async fn listen(from: impl AsyncRead + Unpin, say: impl Fn(&str)) -> io::Result<()> {
    let mut from = BufReader::new(from);
    let limit = u64::try_from(LINE).unwrap_or(u64::MAX);
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut from).take(limit).read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        say(String::from_utf8_lossy(&line).trim_end());
    }
}

/// Fills `%h`, `%n`, `%p`, `%r` and `%%`; anything else stays.
fn fill(command: &str, to: &Endpoint) -> String {
    let Ok(filled) = percent::fill(command, |token| {
        Ok::<_, Infallible>(match token {
            Some('h' | 'n') => to.address.clone(),
            Some('p') => to.port.to_string(),
            Some('r') => to.user.clone(),
            Some('%') | None => "%".to_owned(),
            Some(other) => format!("%{other}"),
        })
    });
    filled
}

impl AsyncRead for ProxyCommand {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.bytes).poll_read(cx, buf)
    }
}

impl AsyncWrite for ProxyCommand {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.bytes).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.bytes).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.bytes).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_the_command_says_is_heard_to_its_end_whatever_it_is() {
        let mut bytes = b"caf\xe9\r\n\n".to_vec();
        bytes.extend(vec![b'x'; LINE + 1]);
        bytes.extend(b"\nlast");
        let heard = std::cell::RefCell::new(Vec::new());
        listen(bytes.as_slice(), |line: &str| {
            heard.borrow_mut().push(line.to_owned());
        })
        .await
        .expect("heard");
        let long = "x".repeat(LINE);
        assert_eq!(
            heard.into_inner(),
            ["caf\u{fffd}", "", long.as_str(), "x", "last"]
        );
    }

    #[test]
    fn tokens_are_filled_and_nothing_else_is_touched() {
        let to = Endpoint {
            address: "web1.example.com".to_owned(),
            port: 2222,
            user: "deploy".to_owned(),
        };
        assert_eq!(
            fill("nc -x %%h %h %p # %r %", &to),
            "nc -x %h web1.example.com 2222 # deploy %"
        );
    }
}
