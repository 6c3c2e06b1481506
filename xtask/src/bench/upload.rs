//! Bringing 200 MB to a host, half of them random, beside scp. Ours reads the file twice, for its digest, and the host
//! checks what arrived; scp does neither.

use super::sample::{median, ratio, seconds};
use super::tie::{self, Tie};
use super::{Bench, Row, child, quietly};
use crate::error::Error;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use windlass_lab::Sshd;
use windlass_transport::{Upload, UploadSource};

const BYTES: u64 = 200_000_000;

/// A file with its digest.
struct Source {
    file: File,
    digest: String,
}

impl UploadSource for Source {
    fn len(&self) -> u64 {
        BYTES
    }

    fn sha256(&self) -> &str {
        &self.digest
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }
}

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>, Error> {
    let sshd = tie::daemon()?;
    let file = make(sshd.dir())?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    tie::block_on(async {
        let tie = Tie::quiet(&sshd).await?;
        for run in 0..=bench.of(5) {
            let (us, them) = (upload(&tie, &file).await?, scp(&sshd, &file)?);
            if run > 0 {
                ours.push(us);
                theirs.push(them);
            }
        }
        tie.session.close().await;
        Ok(())
    })?;
    let (ours, theirs) = (median(ours), median(theirs));
    Ok(vec![
        Row::new("upload of 200 MB", seconds(ours))
            .beside(format!("scp: {}", seconds(theirs)))
            .ratio(ratio(ours, theirs)),
    ])
}

fn make(folder: &Path) -> Result<PathBuf, Error> {
    let path = folder.join("upload");
    let making = || Error::measuring("making a file");
    let mut file = File::create(&path).map_err(making())?;
    let mut random = File::open("/dev/urandom")
        .map_err(making())?
        .take(BYTES / 2);
    io::copy(&mut random, &mut file).map_err(making())?;
    let mut same = io::repeat(b'x').take(BYTES / 2);
    io::copy(&mut same, &mut file).map_err(making())?;
    Ok(path)
}

/// Ours, the digest included; the session is open.
async fn upload(tie: &Tie, file: &Path) -> Result<Duration, Error> {
    let to = file.with_extension("ours").display().to_string();
    let begin = Instant::now();
    let said = quietly(Path::new("sha256sum"), &[&file.to_string_lossy()])?;
    let digest = said
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_owned();
    let file = File::open(file).map_err(Error::file("read", file))?;
    let mut source = Source { file, digest };
    let upload = Upload {
        to: &to,
        mode: 0o600,
        source: &mut source,
    };
    let uploaded = tie.session.upload(upload).await;
    uploaded.map_err(Error::measuring("uploading"))?;
    let took = begin.elapsed();
    std::fs::remove_file(&to).map_err(Error::file("remove", &to))?;
    Ok(took)
}

/// Through a proxy as ours, its connection included.
fn scp(sshd: &Sshd, file: &Path) -> Result<Duration, Error> {
    let to = file.with_extension("theirs");
    let proxy = sshd.proxy().map_err(Error::measuring("starting a proxy"))?;
    let mut scp = Command::new("scp");
    scp.args(tie::ssh_options(sshd, "-P", proxy.port()))
        .arg("-q")
        .arg(file)
        .arg(format!("{}@127.0.0.1:{}", sshd.user(), to.display()));
    let cost = child::run(&mut scp)?;
    std::fs::remove_file(&to).map_err(Error::file("remove", &to))?;
    Ok(cost.wall)
}
