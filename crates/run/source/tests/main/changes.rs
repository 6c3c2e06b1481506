use crate::repository::{AWKWARD, Repository, Yard};
use windlass_model::Revision;
use windlass_model::changes::{CHANGES_LISTED, Changes, InTree, Side, Watch, Watched};
use windlass_source::{Error, Look, Source};

async fn between(source: &Source, from: &Revision, to: &Revision) -> Changes {
    source.changes(from, to, Look::default()).await.unwrap()
}

fn subjects(side: &Side) -> Vec<&str> {
    let commits = side.commits.iter();
    commits.map(|commit| commit.subject.as_str()).collect()
}

#[tokio::test]
async fn lists_commits_newest_first_and_the_files_that_differ() {
    let yard = Yard::new();
    let repository = yard.repository("shop");
    let from = repository.head();
    let second = repository.commit(AWKWARD, "1\n", "Second: ü");
    let to = repository.commit("app/assets/x.css", "1\n2\n", "Third \u{1b}[2J");
    let source = yard.open(&repository).await;
    let changes = between(&source, &from, &to).await;
    assert_eq!(subjects(&changes.comes), ["Third \u{1b}[2J", "Second: ü"]);
    assert_eq!(changes.comes.commits[1].revision, second);
    assert_eq!((changes.comes.count, changes.leaves.count), (2, 0));
    assert_eq!(changes.files.names, [AWKWARD, "app/assets/x.css"]);
    let files = &changes.files;
    assert_eq!((files.count, files.insertions, files.deletions), (2, 3, 0));
    assert!(!changes.cut);

    let back = between(&source, &to, &from).await;
    assert_eq!((back.comes.count, back.leaves.count), (0, 2));
    assert_eq!(subjects(&back.leaves), ["Third \u{1b}[2J", "Second: ü"]);
    assert_eq!(back.files.deletions, 3);
    assert_eq!(between(&source, &to, &to).await, Changes::default());
}

#[tokio::test]
async fn of_histories_that_part_both_sides_are_told() {
    let yard = Yard::new();
    let repository = yard.repository("shop");
    repository.git(&["branch", "other"]);
    let live = repository.commit("a", "1", "Rewound");
    repository.git(&["checkout", "--quiet", "other"]);
    let to = repository.commit("b", "1", "Instead of it");
    let source = yard.open(&repository).await;
    let changes = between(&source, &live, &to).await;
    assert_eq!(subjects(&changes.comes), ["Instead of it"]);
    assert_eq!(subjects(&changes.leaves), ["Rewound"]);
    assert_eq!(changes.files.names, ["a", "b"]);
}

fn watched(path: &str, changed: bool, added: Option<&[&str]>) -> Watched {
    Watched {
        path: path.to_owned(),
        changed,
        added: added.map(|names| names.iter().map(ToString::to_string).collect()),
    }
}

/// A repository whose release is the directory `app`.
fn with_subtree(yard: &Yard) -> (Repository, Revision, Revision) {
    let repository = yard.repository("shop");
    repository.commit("app/db/migrate/1_a.rb", "", "Old migration");
    let from = repository.commit("app/log/.keep", "", "A directory");
    repository.write("app/config/key", "");
    repository.write("app/public/system/logo", "");
    repository.commit("app/db/migrate/2_b.rb", "", "Migration");
    repository.commit("db/migrate/3_c.rb", "", "Outside of the release");
    std::os::unix::fs::symlink("x", repository.path.join("app/tmp")).unwrap();
    let to = repository.commit("app/*", "", "A name that is a pattern");
    (repository, from, to)
}

#[tokio::test]
async fn tells_what_became_of_paths_and_names_new_files() {
    let yard = Yard::new();
    let (repository, from, to) = with_subtree(&yard);
    let source = yard.open(&repository).await;
    let watch = [
        Watch::new_files("db/migrate/"),
        Watch::changed("Gemfile.lock"),
        Watch::changed("*"),
    ];
    for subtree in [Some("app"), Some("/app/")] {
        let look = Look {
            subtree,
            watch: &watch,
        };
        let changes = source.changes(&from, &to, look).await.unwrap();
        let wanted = [
            watched("db/migrate/", true, Some(&["2_b.rb"])),
            watched("Gemfile.lock", false, None),
            watched("*", true, None),
        ];
        assert_eq!(changes.watched, wanted);
        assert_eq!(changes.files.count, 5, "{:?}", changes.files.names);
        assert_eq!(changes.comes.count, 3);
    }
    let look = Look {
        watch: &watch,
        ..Look::default()
    };
    let whole = source.changes(&from, &to, look).await.unwrap();
    let wanted = watched("db/migrate/", true, Some(&["3_c.rb"]));
    assert_eq!(whole.watched[0], wanted);
    assert_eq!(whole.files.count, 6);
}

#[tokio::test]
async fn tells_what_stands_in_a_tree() {
    let yard = Yard::new();
    let (repository, _, to) = with_subtree(&yard);
    let source = yard.open(&repository).await;
    let paths = ["log", "config/key", "public", "tmp", "con", "public/system"];
    let paths = paths.map(str::to_owned);
    let found = source.in_tree(&to, Some("app"), &paths).await.unwrap();
    let wanted = [
        InTree::Bare,
        InTree::File,
        InTree::Directory,
        InTree::Link,
        InTree::Nothing,
        InTree::Directory,
    ];
    assert_eq!(found, wanted);
    let paths_above = ["app", "config", "README"].map(str::to_owned);
    let whole = source.in_tree(&to, None, &paths_above).await.unwrap();
    assert_eq!(whole, [InTree::Directory, InTree::Nothing, InTree::File]);
    let none = source.in_tree(&to, Some("no such"), &paths).await.unwrap();
    assert_eq!(none, [InTree::Nothing; 6]);
}

#[tokio::test]
async fn lists_are_bounded_and_counts_are_not() {
    let yard = Yard::new();
    let repository = yard.repository("shop");
    let from = repository.head();
    for number in 0..=CHANGES_LISTED {
        repository.write(&format!("f{number}"), "");
    }
    let to = repository.commit("last", "", "Many files");
    let source = yard.open(&repository).await;
    let files = between(&source, &from, &to).await.files;
    assert_eq!(files.names.len(), CHANGES_LISTED);
    assert_eq!(files.count, CHANGES_LISTED + 2);
}

#[tokio::test]
async fn where_the_history_is_cut_in_between_it_is_said() {
    let yard = Yard::new();
    let origin = yard.repository("shop");
    let first = origin.head();
    let second = origin.commit("a", "2", "Second");
    let third = origin.commit("a", "3", "Third");
    let clone = yard.clone_of(&origin, "clone", &["--depth", "2"]);
    let source = yard.open(&clone).await;
    let changes = between(&source, &second, &third).await;
    assert_eq!((changes.comes.count, changes.cut), (1, false));
    assert!(!source.holds_both(&first, &third).await.unwrap());
    clone.git(&["fetch", "--quiet", "--depth", "1", "origin", first.as_str()]);
    assert!(source.holds_both(&first, &third).await.unwrap());
    let changes = between(&source, &first, &third).await;
    assert!(changes.cut, "{changes:?}");
    assert_eq!(changes.files.names, ["a"]);
}

#[tokio::test]
async fn a_live_revision_that_is_unknown_here_is_told_apart() {
    let yard = Yard::new();
    let repository = yard.repository("shop");
    let source = yard.open(&repository).await;
    let head = repository.head();
    let live = Revision::new("0123456789012345678901234567890123456789");
    let error = source.changes(&live, &head, Look::default()).await;
    let error = error.unwrap_err();
    assert!(matches!(error, Error::MissingCommit { .. }), "{error}");
    for garbage in ["", "main", "--all", "0123\n4567"] {
        let garbage = Revision::new(garbage);
        assert!(!source.holds_both(&garbage, &head).await.unwrap());
    }
}
