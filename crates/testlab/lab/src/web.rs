//! A web server on loopback that answers what a test wants, one request after another.

use crate::error::LabError;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// A client that says nothing for so long is none.
const SILENCE: Duration = Duration::from_secs(10);

/// The server. Dropping it ends it; whoever asks then is refused.
pub struct Web {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What it answers: a status with its words, headers as they are sent, and a body.
#[derive(Clone, Debug)]
pub struct WebAnswer {
    /// `503 Service Unavailable`.
    pub status: String,
    /// Each `Name: value`.
    pub headers: Vec<String>,
    /// What follows them.
    pub body: String,
}

impl WebAnswer {
    /// An answer without headers of its own.
    pub fn new(status: &str, body: &str) -> Self {
        Self {
            status: status.to_owned(),
            headers: Vec::new(),
            body: body.to_owned(),
        }
    }
}

impl Web {
    /// Answers each request with what `answer` makes of its number, the first being 1.
    pub fn start(answer: impl Fn(usize) -> WebAnswer + Send + 'static) -> Result<Self, LabError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let (asked, over) = (
            Arc::<Mutex<Vec<String>>>::default(),
            Arc::<AtomicBool>::default(),
        );
        let (seen, stop) = (Arc::clone(&asked), Arc::clone(&over));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(Some(request)) = request(&stream) else {
                    continue;
                };
                let number = {
                    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                    seen.push(request);
                    seen.len()
                };
                // Whoever has hung up wants no answer.
                respond(&stream, &answer(number)).ok();
            }
        });
        Ok(Self {
            address,
            asked,
            over,
            thread: Some(thread),
        })
    }

    /// Its URL with this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The requests so far, each with its headers, as they came.
    pub fn requests(&self) -> Vec<String> {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn request(stream: &TcpStream) -> std::io::Result<Option<String>> {
    stream.set_read_timeout(Some(SILENCE))?;
    let mut lines = BufReader::new(stream);
    let mut text = String::new();
    while lines.read_line(&mut text)? > 0 {
        if text.ends_with("\r\n\r\n") {
            return Ok(Some(text));
        }
    }
    Ok(None)
}

fn respond(mut stream: &TcpStream, answer: &WebAnswer) -> std::io::Result<()> {
    let WebAnswer {
        status,
        headers,
        body,
    } = answer;
    let length = body.len();
    let headers: String = headers
        .iter()
        .map(|header| header.clone() + "\r\n")
        .collect();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}"
    )?;
    stream.flush()
}

impl Drop for Web {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // It waits for somebody to come.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}
