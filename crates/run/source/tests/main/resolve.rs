use crate::repository::{AWKWARD, Repository, Yard};
use std::fmt::Write as _;
use windlass_source::{Error, Found, Tracking};

/// Two clones of one forge, so that the second falls behind.
fn forge_and_copy(yard: &Yard) -> (Repository, Repository) {
    let forge = yard.repository("forge");
    let copy = yard.clone_of(&forge, "copy", &[]);
    (forge, copy)
}

#[tokio::test]
async fn tells_subject_and_time_of_a_branch() {
    let yard = Yard::new();
    let repository = yard.repository("shop");
    let head = repository.commit("x", "1", "Größe: \"1\" $HOME `id`\n\nA body.");
    let resolved = yard.open(&repository).await.resolve("main").await.unwrap();
    assert_eq!(resolved.revision, head);
    assert_eq!(resolved.subject, "Größe: \"1\" $HOME `id`");
    assert_eq!(resolved.found, Found::Branch);
    let time = repository.git(&["log", "-1", "--format=%ct"]);
    assert_eq!(resolved.commit_time.to_string(), time);
}

#[tokio::test]
async fn the_local_branch_wins_and_tells_how_it_stands_to_the_remote() {
    let yard = Yard::new();
    let (forge, copy) = forge_and_copy(&yard);
    forge.commit("a", "1", "On the forge");
    forge.commit("a", "2", "On the forge too");
    copy.git(&["fetch", "--quiet"]);
    let local = copy.commit("b", "1", "Here");
    let resolved = yard.open(&copy).await.resolve("main").await.unwrap();
    assert_eq!(resolved.revision, local);
    let expected = Tracking {
        name: "origin/main".to_owned(),
        ahead: 1,
        behind: 2,
    };
    assert_eq!(resolved.tracking, Some(expected));
}

#[tokio::test]
async fn a_branch_only_the_remote_has_is_found_there() {
    let yard = Yard::new();
    let forge = yard.repository("forge");
    forge.git(&["branch", "feature/login"]);
    let copy = yard.clone_of(&forge, "copy", &[]);
    let source = yard.open(&copy).await;
    for name in ["feature/login", "origin/feature/login"] {
        let resolved = source.resolve(name).await.unwrap();
        let found = Found::RemoteBranch("origin/feature/login".to_owned());
        assert_eq!(resolved.found, found);
    }
}

#[tokio::test]
async fn tags_are_peeled_to_their_commit() {
    let yard = Yard::new();
    let repository = yard.repository("shop");
    repository.git(&["tag", "--annotate", "v1", "--message", "One"]);
    repository.git(&["tag", "--annotate", "again", "--message", "Twice", "v1"]);
    let source = yard.open(&repository).await;
    for tag in ["v1", "again"] {
        let resolved = source.resolve(tag).await.unwrap();
        assert_eq!(resolved.revision, repository.head());
        assert_eq!(resolved.found, Found::Tag);
    }
    repository.git(&["tag", "file", "HEAD:README"]);
    let error = source.resolve("file").await.unwrap_err();
    assert!(matches!(error, Error::NotACommit { .. }), "{error}");
}

#[tokio::test]
async fn ids_are_found_by_their_beginning_unless_two_begin_so() {
    let yard = Yard::new();
    let repository = yard.repository("shop");
    let source = yard.open(&repository).await;
    let head = repository.head();
    let short = head.as_str().get(..9).unwrap().to_uppercase();
    let resolved = source.resolve(&short).await.unwrap();
    assert_eq!((resolved.revision, resolved.found), (head, Found::Commit));
    let start = two_commits_with_one_beginning(&repository);
    let error = source.resolve(&start).await.unwrap_err();
    let Error::Ambiguous { candidates, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(candidates.len(), 2);
    assert!(error.hint().unwrap().contains(&candidates[0]));
}

/// Among some 600 commits two share four digits, all but surely; ids are fixed by the fixed dates.
fn two_commits_with_one_beginning(repository: &Repository) -> String {
    let tree = repository.git(&["rev-parse", "HEAD^{tree}"]);
    let mut stream = String::new();
    for number in 0..600 {
        let head =
            format!("commit refs/heads/c{number}\ncommitter S <s@example.com> {number} +0000");
        write!(stream, "{head}\ndata 0\nM 040000 {tree} \n\n").unwrap();
    }
    let file = repository.path.join(".git/stream");
    std::fs::write(&file, stream).unwrap();
    let import = std::process::Command::new("git")
        .args(["fast-import", "--quiet"])
        .current_dir(&repository.path)
        .stdin(std::fs::File::open(&file).unwrap())
        .status()
        .unwrap();
    assert!(import.success());
    let listed = repository.git(&["for-each-ref", "--format=%(objectname)", "refs/heads/c*"]);
    let mut starts: Vec<&str> = listed.lines().map(|id| &id[..4]).collect();
    starts.sort_unstable();
    let pair = starts.windows(2).find(|pair| pair[0] == pair[1]);
    pair.unwrap()[0].to_owned()
}

#[tokio::test]
async fn an_unknown_branch_suggests_near_names() {
    let yard = Yard::new();
    let repository = yard.repository("shop");
    repository.git(&["branch", "feature/checkout"]);
    let source = yard.open(&repository).await;
    for (typed, meant) in [("mian", "`main`"), ("chekout", "`feature/checkout`")] {
        let error = source.resolve(typed).await.unwrap_err();
        assert!(matches!(error, Error::UnknownReference { .. }), "{error}");
        assert_eq!(error.hint().unwrap(), format!("did you mean {meant}?"));
    }
    let error = source.resolve("entirely-other").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no branch, tag or commit `entirely-other` in the working copy"
    );
}

#[tokio::test]
async fn names_that_no_ref_can_have_are_refused() {
    let yard = Yard::new();
    let repository = yard.repository("shop");
    let source = yard.open(&repository).await;
    for name in [
        "", "-x", "--all", "main~1", "HEAD^", "@{u}", "a..b", "ma*n", "a b", "a\nb",
    ] {
        let error = source.resolve(name).await.unwrap_err();
        assert!(matches!(error, Error::BadName { .. }), "{name:?}: {error}");
    }
}

#[tokio::test]
async fn awkward_but_legal_branch_names_work() {
    let yard = Yard::new();
    let repository = yard.repository("shop");
    let name = AWKWARD.replace(' ', "_");
    repository.git(&["branch", &name]);
    let source = yard.open(&repository).await;
    let resolved = source.resolve(&name).await.unwrap();
    assert_eq!(resolved.found, Found::Branch);
}

#[tokio::test]
async fn a_repository_without_a_commit_says_so() {
    let yard = Yard::new();
    let repository = yard.empty("shop");
    let source = yard.open(&repository).await;
    for name in ["main", "HEAD"] {
        let error = source.resolve(name).await.unwrap_err();
        assert!(matches!(error, Error::Empty), "{error}");
    }
}
