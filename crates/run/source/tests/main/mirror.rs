use crate::repository::{Repository, Yard};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;
use windlass_source::{Error, Found, Source};

async fn mirror(yard: &Yard, forge: &Repository) -> Source {
    let elsewhere = yard.path("elsewhere");
    std::fs::create_dir_all(&elsewhere).unwrap();
    Source::open(Some(&forge.url()), &elsewhere, &yard.cache())
        .await
        .unwrap()
}

#[tokio::test]
async fn resolving_fetches_what_is_new_and_forgets_what_is_gone() {
    let yard = Yard::new();
    let forge = yard.repository("forge");
    forge.git(&["branch", "old"]);
    let source = mirror(&yard, &forge).await;
    source.resolve("old").await.unwrap();
    let head = forge.commit("x", "1", "New");
    forge.git(&["branch", "--delete", "--force", "old"]);
    let resolved = source.resolve("main").await.unwrap();
    assert_eq!((resolved.revision, resolved.found), (head, Found::Branch));
    let gone = source.resolve("old").await.unwrap_err();
    assert!(matches!(gone, Error::UnknownReference { .. }), "{gone}");
}

#[tokio::test]
async fn head_is_the_main_branch_of_the_forge() {
    let yard = Yard::new();
    let forge = yard.repository("forge");
    forge.git(&["branch", "--move", "main", "trunk"]);
    let source = mirror(&yard, &forge).await;
    let head = source.resolve("HEAD").await.unwrap();
    assert_eq!(head.revision, forge.head());
}

#[tokio::test]
async fn a_rewritten_branch_is_followed_and_its_old_commit_still_packs() {
    let yard = Yard::new();
    let forge = yard.repository("forge");
    let source = mirror(&yard, &forge).await;
    let old = source.resolve("main").await.unwrap().revision;
    forge.git(&["commit", "--quiet", "--amend", "--message", "Rewritten"]);
    assert_ne!(source.resolve("main").await.unwrap().revision, old);
    let pack = source.pack(&old, &[], &yard.path("p")).await.unwrap();
    assert_eq!(pack.objects, 3);
}

#[tokio::test]
async fn a_commit_that_no_branch_leads_to_is_fetched_by_its_id() {
    let yard = Yard::new();
    let forge = yard.repository("forge");
    forge.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let pinned = forge.commit("x", "1", "Pinned");
    forge.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    let source = mirror(&yard, &forge).await;
    source.pack(&pinned, &[], &yard.path("p")).await.unwrap();
}

#[tokio::test]
async fn a_full_id_that_is_here_needs_no_forge() {
    let yard = Yard::new();
    let forge = yard.repository("forge");
    let source = mirror(&yard, &forge).await;
    let revision = source.resolve("main").await.unwrap().revision;
    std::fs::rename(&forge.path, yard.path("moved")).unwrap();
    source.resolve(revision.as_str()).await.unwrap();
    source.pack(&revision, &[], &yard.path("p")).await.unwrap();
    let error = source.resolve("main").await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn locks_of_a_killed_git_and_a_half_clone_do_no_harm() {
    let yard = Yard::new();
    let forge = yard.repository("forge");
    let path = {
        let source = mirror(&yard, &forge).await;
        source.resolve("main").await.unwrap();
        mirror_path(&yard)
    };
    std::fs::write(path.join("packed-refs.lock"), "").unwrap();
    std::fs::create_dir_all(path.join("refs/heads")).unwrap();
    std::fs::write(path.join("refs/heads/main.lock"), "").unwrap();
    let head = forge.commit("x", "1", "New");
    forge.git(&["branch", "other"]);
    let source = mirror(&yard, &forge).await;
    assert_eq!(source.resolve("main").await.unwrap().revision, head);

    let part = path.with_extension("part");
    std::fs::rename(&path, &part).unwrap();
    std::fs::remove_file(part.join("HEAD")).unwrap();
    let source = mirror(&yard, &forge).await;
    assert_eq!(source.resolve("main").await.unwrap().revision, head);
    assert!(!part.exists());
}

#[tokio::test]
async fn another_process_is_waited_for() {
    let yard = Yard::new();
    let forge = yard.repository("forge");
    let source = mirror(&yard, &forge).await;
    source.resolve("main").await.unwrap();
    let lock = std::fs::File::open(mirror_path(&yard).with_extension("lock")).unwrap();
    lock.lock().unwrap();
    let blocked = tokio::time::timeout(Duration::from_millis(300), source.resolve("main")).await;
    assert!(blocked.is_err(), "the lock is held elsewhere");
    drop(lock);
    source.resolve("main").await.unwrap();
}

#[tokio::test]
async fn the_cache_is_private_and_holds_no_url() {
    let yard = Yard::new();
    let forge = yard.repository("forge");
    mirror(&yard, &forge).await;
    let mode = std::fs::metadata(yard.cache())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
    let config = std::fs::read_to_string(mirror_path(&yard).join("config")).unwrap();
    assert!(!config.contains(&forge.url()), "{config}");
}

fn mirror_path(yard: &Yard) -> std::path::PathBuf {
    let mut entries = std::fs::read_dir(yard.cache()).unwrap();
    entries
        .find_map(|entry| {
            let path = entry.unwrap().path();
            path.extension()
                .is_some_and(|ending| ending == "git")
                .then_some(path)
        })
        .unwrap()
}

#[tokio::test]
async fn a_whole_id_is_fetched_by_itself_or_missing() {
    let yard = Yard::new();
    let forge = yard.repository("forge");
    let source = mirror(&yard, &forge).await;
    let alone = forge.commit("x", "1", "Alone");
    forge.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    let resolved = source.resolve(alone.as_str()).await.unwrap();
    assert_eq!((resolved.revision, resolved.found), (alone, Found::Commit));
    let gone = source.resolve(&"0123456789".repeat(4)).await.unwrap_err();
    let hint = gone.hint().unwrap();
    assert_eq!(hint, "push the commit to the repository", "{gone}");
}
