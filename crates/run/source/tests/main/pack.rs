use crate::repository::{AWKWARD, Repository, Yard};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use windlass_model::Revision;
use windlass_source::{Error, Pack};

/// The line before the pack.
fn cuts(pack: &Pack) -> String {
    let mut file = std::fs::File::open(&pack.path).unwrap();
    first_line(&mut file)
}

/// Reads not a byte more.
fn first_line(file: &mut std::fs::File) -> String {
    let mut line = String::new();
    let mut byte = [0];
    loop {
        file.read_exact(&mut byte).unwrap();
        match byte {
            [b'\n'] => return line,
            [byte] => line.push(char::from(byte)),
        }
    }
}

/// What a host does with a pack: index it, list the cut commits whose parents it lacks, set the ref.
fn receive(host: &Repository, pack: &Pack, want: &Revision) {
    receive_as(host, pack, want, true);
}

fn receive_as(host: &Repository, pack: &Pack, want: &Revision, marks: bool) {
    if pack.objects > 0 {
        let mut file = std::fs::File::open(&pack.path).unwrap();
        let cuts = first_line(&mut file);
        let status = Command::new("git")
            .args(["index-pack", "--stdin", "--fix-thin"])
            .current_dir(&host.path)
            .stdin(file)
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success());
        if marks && !cuts.is_empty() {
            host.write(".git/shallow", cuts.replace(' ', "\n") + "\n");
        }
    }
    host.git(&["update-ref", "refs/heads/main", want.as_str()]);
}

fn assert_whole(host: &Repository, revision: &Revision) {
    host.git(&["fsck", "--full", "--strict", "--no-dangling"]);
    host.git(&["rev-list", "--objects", revision.as_str()]);
    host.git(&["archive", "--output", "/dev/null", revision.as_str()]);
}

#[tokio::test]
async fn a_host_with_nothing_gets_everything_once() {
    let yard = Yard::new();
    let repository = yard.repository("shop");
    let want = repository.commit(AWKWARD, "content", "Awkward");
    let source = yard.open(&repository).await;
    let to = yard.path("a 'pack'");
    let pack = source.pack(&want, &[], &to).await.unwrap();
    assert_eq!(pack.objects, 6);
    let file = std::fs::metadata(&to).unwrap();
    assert_eq!(file.len(), pack.bytes);
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    let host = yard.empty("host");
    receive(&host, &pack, &want);
    assert_whole(&host, &want);
}

#[tokio::test]
async fn only_the_difference_to_what_the_host_has_is_sent() {
    let yard = Yard::new();
    let repository = yard.repository("shop");
    let big = "line of a file that grows\n".repeat(2000);
    let have = repository.commit("big", &big, "Big");
    let want = repository.commit("big", &format!("{big}one more\n"), "More");
    let source = yard.open(&repository).await;
    let host = yard.empty("host");
    let first = source.pack(&have, &[], &yard.path("1")).await.unwrap();
    receive(&host, &first, &have);
    let second = source
        .pack(&want, std::slice::from_ref(&have), &yard.path("2"))
        .await
        .unwrap();
    assert_eq!(second.objects, 3, "a commit, a tree, a file");
    assert!(
        second.bytes < 1000,
        "a delta, not the file: {}",
        second.bytes
    );
    receive(&host, &second, &want);
    assert_whole(&host, &want);
}

#[tokio::test]
async fn nothing_to_send_leaves_no_file() {
    let yard = Yard::new();
    let repository = yard.repository("shop");
    let head = repository.head();
    let to = yard.path("pack");
    std::fs::write(&to, "old").unwrap();
    let source = yard.open(&repository).await;
    let pack = source
        .pack(&head, std::slice::from_ref(&head), &to)
        .await
        .unwrap();
    assert_eq!((pack.objects, pack.bytes), (0, 0));
    assert!(!to.exists());
}

#[tokio::test]
async fn what_the_host_has_and_we_do_not_is_left_out() {
    let yard = Yard::new();
    let repository = yard.repository("shop");
    let first = repository.head();
    let want = repository.commit("x", "1", "Second");
    let unknown = Revision::new("0123456789012345678901234567890123456789");
    let source = yard.open(&repository).await;
    let pack = source
        .pack(&want, &[unknown, first], &yard.path("p"))
        .await
        .unwrap();
    assert_eq!(pack.objects, 3);
    let tree = Revision::new(repository.git(&["rev-parse", "HEAD^{tree}"]));
    let pack = source.pack(&want, &[tree], &yard.path("p")).await.unwrap();
    assert_eq!(pack.objects, 6, "a tree is not what a host has whole");
}

#[tokio::test]
async fn an_old_file_or_link_at_the_place_is_replaced() {
    let yard = Yard::new();
    let repository = yard.repository("shop");
    let target = yard.path("target");
    std::fs::write(&target, "precious").unwrap();
    let to = yard.path("pack");
    std::os::unix::fs::symlink(&target, &to).unwrap();
    let source = yard.open(&repository).await;
    source.pack(&repository.head(), &[], &to).await.unwrap();
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "precious");
    assert!(!to.is_symlink());
}

#[tokio::test]
async fn a_commit_that_is_nowhere_is_an_error() {
    let yard = Yard::new();
    let repository = yard.repository("shop");
    let source = yard.open(&repository).await;
    let unknown = Revision::new("0123456789012345678901234567890123456789");
    let error = source.pack(&unknown, &[], Path::new("/nowhere")).await;
    assert!(matches!(error.unwrap_err(), Error::MissingCommit { .. }));
    for value in ["--all", "main", "", "0123"] {
        let error = source
            .pack(&Revision::new(value), &[], Path::new("/nowhere"))
            .await;
        assert!(matches!(error.unwrap_err(), Error::BadRevision { .. }));
    }
}

#[tokio::test]
async fn a_shallow_working_copy_names_where_its_history_is_cut() {
    let yard = Yard::new();
    let forge = yard.repository("forge");
    for number in 0..4 {
        forge.commit("x", &number.to_string(), "Change");
    }
    let copy = yard.clone_of(&forge, "copy", &["--depth", "2"]);
    let source = yard.open(&copy).await;
    assert!(source.is_shallow().await.unwrap());
    let want = copy.head();
    let pack = source.pack(&want, &[], &yard.path("p")).await.unwrap();
    let cut = copy.git(&["rev-parse", "HEAD~1"]);
    assert_eq!(cuts(&pack), cut);
    let host = yard.empty("host");
    receive(&host, &pack, &want);
    assert_whole(&host, &want);

    // A later pack that starts above the cut needs no mark, and fits.
    let next = copy.commit("x", "9", "Next");
    let later = source.pack(&next, &[want], &yard.path("q")).await.unwrap();
    assert_eq!(cuts(&later), "");
    receive(&host, &later, &next);
    assert_whole(&host, &next);
}

#[tokio::test]
async fn the_cut_is_needed_by_the_host() {
    // Without the mark git on the host takes the history for damaged: why the pack names it.
    let yard = Yard::new();
    let forge = yard.repository("forge");
    forge.commit("x", "1", "Change");
    let copy = yard.clone_of(&forge, "copy", &["--depth", "1"]);
    let want = copy.head();
    let source = yard.open(&copy).await;
    let pack = source.pack(&want, &[], &yard.path("p")).await.unwrap();
    let host = yard.empty("host");
    receive_as(&host, &pack, &want, false);
    assert!(!host.succeeds(&["rev-list", want.as_str()]));
}
