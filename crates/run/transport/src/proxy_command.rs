//! A proxy command: a process whose input and output are the connection.

use std::io;
use std::process::Stdio;

use crate::error::Error;
use crate::options::Endpoint;
use crate::stream::Bytes;

/// Runs a proxy command as ssh does: by the shell, with its tokens filled. Address and user are of a strict grammar.
pub(crate) fn proxy(command: &str, endpoint: &Endpoint) -> Result<Box<dyn Bytes>, Error> {
    let command = fill(command, endpoint);
    let mut child = tokio::process::Command::new("sh")
        .arg("-c")
        .arg(format!("exec {command}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(Error::ProxyCommand)?;
    let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(Error::ProxyCommand(io::ErrorKind::BrokenPipe.into()));
    };
    Ok(Box::new(Piped {
        stream: tokio::io::join(output, input),
        _child: child,
    }))
}

/// Fills `%h`, `%n`, `%p`, `%r` and `%%`.
fn fill(command: &str, endpoint: &Endpoint) -> String {
    let mut filled = String::new();
    let mut chars = command.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            filled.push(c);
            continue;
        }
        match chars.next() {
            Some('h' | 'n') => filled.push_str(&endpoint.address),
            Some('p') => filled.push_str(&endpoint.port.to_string()),
            Some('r') => filled.push_str(&endpoint.user),
            Some('%') | None => filled.push('%'),
            Some(other) => {
                filled.push('%');
                filled.push(other);
            }
        }
    }
    filled
}

/// Input and output of a process, which ends with it.
struct Piped {
    stream: tokio::io::Join<tokio::process::ChildStdout, tokio::process::ChildStdin>,
    _child: tokio::process::Child,
}

impl tokio::io::AsyncRead for Piped {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::pin::Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl tokio::io::AsyncWrite for Piped {
    fn poll_write(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> std::task::Poll<io::Result<usize>> {
        std::pin::Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::pin::Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::pin::Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
