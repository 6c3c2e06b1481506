use crate::repository::{AWKWARD, Yard};
use std::path::{Path, PathBuf};
use windlass_source::{Error, Source};

#[tokio::test]
async fn finds_the_working_copy_from_a_folder_inside_it() {
    let yard = Yard::new();
    let repository = yard.repository(AWKWARD);
    repository.write("app/models/x.rb", "");
    let inside = repository.path.join("app/models");
    let source = Source::open(None, &inside, &yard.cache()).await.unwrap();
    assert!(!source.is_mirror());
    let head = source.resolve("HEAD").await.unwrap();
    assert_eq!(head.revision, repository.head());
    assert!(!yard.cache().exists(), "a working copy needs no cache");
}

#[tokio::test]
async fn takes_the_working_copy_when_one_of_its_remotes_is_meant() {
    let yard = Yard::new();
    let copy = yard.repository("copy");
    copy.git(&["remote", "add", "backup", "/srv/other.git"]);
    copy.git(&[
        "remote",
        "add",
        "forge",
        "git@git.example.com:acme/shop.git",
    ]);
    for url in [
        "git@git.example.com:acme/shop",
        "ssh://git@git.example.com/acme/shop.git",
        "https://git.example.com/acme/shop.git/",
        ".",
        copy.path.to_str().unwrap(),
    ] {
        let source = Source::open(Some(url), &copy.path, &yard.cache())
            .await
            .unwrap();
        assert!(!source.is_mirror(), "{url}");
    }
}

#[tokio::test]
async fn honours_the_shorthands_of_the_users_git() {
    let yard = Yard::new();
    let copy = yard.repository("copy");
    copy.git(&["config", "url.git@git.example.com:.insteadOf", "forge:"]);
    copy.git(&["remote", "add", "origin", "forge:acme/shop"]);
    for url in ["forge:acme/shop", "git@git.example.com:acme/shop.git"] {
        let source = Source::open(Some(url), &copy.path, &yard.cache())
            .await
            .unwrap();
        assert!(!source.is_mirror(), "{url}");
    }
}

#[tokio::test]
async fn a_repository_elsewhere_is_mirrored_once() {
    let yard = Yard::new();
    let forge = yard.repository(AWKWARD);
    let copy = yard.repository("copy");
    let url = forge.path.to_str().unwrap();
    let open = || async {
        Source::open(Some(url), &copy.path, &yard.cache())
            .await
            .unwrap()
    };
    let (one, two) = tokio::join!(open(), open());
    assert!(one.is_mirror() && two.is_mirror());
    let mirrors = std::fs::read_dir(yard.cache()).unwrap().count();
    assert_eq!(mirrors, 2, "one mirror and its lock");
    assert_eq!(one.resolve("main").await.unwrap().revision, forge.head());
    assert_eq!(two.resolve("main").await.unwrap().revision, forge.head());
}

#[tokio::test]
async fn neither_a_working_copy_nor_a_url_is_an_error_with_a_way_out() {
    let yard = Yard::new();
    let bare = yard.path("plain");
    std::fs::create_dir(&bare).unwrap();
    let error = Source::open(None, &bare, &yard.cache()).await.unwrap_err();
    assert!(matches!(error, Error::NoRepository { .. }), "{error}");
    assert!(error.hint().unwrap().contains("`repository`"));
    let missing = Source::open(None, Path::new("/nowhere/at/all"), &yard.cache()).await;
    assert!(matches!(missing.unwrap_err(), Error::Io { .. }));
}

#[tokio::test]
async fn a_damaged_repository_is_not_taken_for_none() {
    let yard = Yard::new();
    let copy = yard.repository("copy");
    copy.write(".git/config", "[core\n");
    let error = Source::open(None, &copy.path, &yard.cache())
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Git { .. }), "{error}");
}

#[tokio::test]
async fn a_url_that_git_could_take_for_an_option_is_refused() {
    let yard = Yard::new();
    let copy = yard.repository("copy");
    for url in [
        "--upload-pack=touch x",
        "ssh://-oProxyCommand=x/y",
        "",
        "a\nb",
    ] {
        let opened = Source::open(Some(url), &copy.path, &yard.cache()).await;
        let error = opened.unwrap_err();
        assert!(matches!(error, Error::BadName { .. }), "{url:?}: {error}");
    }
}

#[tokio::test]
async fn a_repository_that_cannot_be_fetched_leaves_nothing_behind() {
    let yard = Yard::new();
    let copy = yard.repository("copy");
    let url = yard.path("not there").display().to_string();
    let opened = Source::open(Some(&url), &copy.path, &yard.cache()).await;
    let error = opened.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    assert_eq!(error.hint().unwrap(), "check the setting `repository`");
    let left: Vec<PathBuf> = std::fs::read_dir(yard.cache())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let is_lock = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "lock");
    assert!(left.iter().all(is_lock), "{left:?}");
}

#[tokio::test]
async fn where_the_working_copy_comes_from_is_told_where_another_url_cannot_be_fetched() {
    let yard = Yard::new();
    let copy = yard.repository("copy");
    copy.git(&[
        "remote",
        "add",
        "origin",
        "https://me:secret@git.example.com/shop.git",
    ]);
    let nowhere = yard.path("nowhere");
    let opened = Source::open(nowhere.to_str(), &copy.path, &yard.cache()).await;
    let hint = opened.unwrap_err().hint().unwrap();
    let wanted = "`repository = \"https://git.example.com/shop.git\"`";
    assert!(hint.contains(wanted), "{hint}");
    assert!(!hint.contains("secret"), "{hint}");
}

#[tokio::test]
async fn a_calling_git_does_not_lead_us_astray() {
    // As from a hook: git sets GIT_DIR for what it starts. The variable is that of a child, not of this process.
    let yard = Yard::new();
    let copy = yard.repository("copy");
    let other = yard.repository("other");
    copy.git(&["branch", "only-here"]);
    let program = std::env::current_exe().unwrap();
    let run = std::process::Command::new(program)
        .args(["--exact", "open::probe_of_the_environment", "--ignored"])
        .env("GIT_DIR", other.path.join(".git"))
        .env("SOURCE_PROBE", &copy.path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(said.contains("1 passed"), "{said}");
}

/// Run by the test above in a process of its own.
#[tokio::test]
#[ignore = "needs the surroundings that another test makes"]
async fn probe_of_the_environment() {
    let copy = std::env::var_os("SOURCE_PROBE").unwrap();
    let copy = Path::new(&copy);
    let source = Source::open(None, copy, &copy.join("cache")).await.unwrap();
    source.resolve("only-here").await.unwrap();
}
