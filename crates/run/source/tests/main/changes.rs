use crate::repository::{AWKWARD, Yard};
use windlass_model::Revision;
use windlass_source::{CHANGES_SHOWN, Error};

#[tokio::test]
async fn lists_commits_newest_first_and_the_files_that_differ() {
    let yard = Yard::new();
    let repository = yard.repository("shop");
    let from = repository.head();
    let second = repository.commit(AWKWARD, "1", "Second: ü");
    let to = repository.commit("app/assets/x.css", "1", "Third");
    let source = yard.open(&repository).await;
    let changes = source.changes(&from, &to).await.unwrap();
    let expected = [
        (to.clone(), "Third".to_owned()),
        (second, "Second: ü".to_owned()),
    ];
    assert_eq!(changes.commits, expected);
    assert_eq!(changes.files, [AWKWARD, "app/assets/x.css"]);
    assert_eq!((changes.commit_count, changes.left_behind), (2, 0));
    assert_eq!(changes.file_count, 2);

    let back = source.changes(&to, &from).await.unwrap();
    assert_eq!((back.commit_count, back.left_behind), (0, 2));
    assert_eq!(back.files.len(), 2);
}

#[tokio::test]
async fn tells_which_paths_are_touched() {
    let yard = Yard::new();
    let repository = yard.repository("shop");
    let from = repository.head();
    repository.commit("db/migrate/1.rb", "", "Migration");
    repository.commit("Gemfile.lock.old", "", "Not the lock file");
    let to = repository.commit("*", "", "A name that is a pattern");
    let source = yard.open(&repository).await;
    let asked = ["Gemfile.lock", "db/migrate/", "app/assets", "*"];
    let touched = source.touched(&from, &to, &asked).await.unwrap();
    assert_eq!(touched, ["db/migrate/", "*"]);
}

#[tokio::test]
async fn lists_are_bounded_and_counts_are_not() {
    let yard = Yard::new();
    let repository = yard.repository("shop");
    let from = repository.head();
    for number in 0..=CHANGES_SHOWN {
        repository.write(&format!("f{number}"), "");
    }
    let to = repository.commit("last", "", "Many files");
    let source = yard.open(&repository).await;
    let changes = source.changes(&from, &to).await.unwrap();
    assert_eq!(changes.files.len(), CHANGES_SHOWN);
    assert_eq!(changes.file_count, CHANGES_SHOWN + 2);
}

#[tokio::test]
async fn a_live_revision_that_is_unknown_here_is_told_apart() {
    let yard = Yard::new();
    let repository = yard.repository("shop");
    let source = yard.open(&repository).await;
    let live = Revision::new("0123456789012345678901234567890123456789");
    let error = source.changes(&live, &repository.head()).await.unwrap_err();
    assert!(matches!(error, Error::MissingCommit { .. }), "{error}");
}
