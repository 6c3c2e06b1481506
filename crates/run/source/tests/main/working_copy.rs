use crate::repository::{AWKWARD, Yard};
use windlass_source::{Source, WorkingState};

#[tokio::test]
async fn tells_what_is_not_committed_and_not_pushed() {
    let yard = Yard::new();
    let forge = yard.repository("forge");
    let copy = yard.clone_of(&forge, "copy", &[]);
    let source = yard.open(&copy).await;
    let clean = WorkingState {
        branch: Some("main".to_owned()),
        changed: 0,
        untracked: 0,
        unpushed: Some(0),
        shallow: false,
    };
    let state = source.working_state(&copy.head()).await.unwrap();
    assert_eq!(state.as_ref(), Some(&clean));

    copy.commit("x", "1", "Not pushed");
    copy.write("README", "changed");
    copy.write(AWKWARD, "new");
    let state = source.working_state(&copy.head()).await.unwrap();
    let expected = WorkingState {
        changed: 1,
        untracked: 1,
        unpushed: Some(1),
        ..clean
    };
    assert_eq!(state, Some(expected));
}

#[tokio::test]
async fn without_a_remote_or_a_branch_it_says_so() {
    let yard = Yard::new();
    let repository = yard.repository("shop");
    repository.git(&["checkout", "--quiet", "--detach"]);
    let source = yard.open(&repository).await;
    let head = repository.head();
    let state = source.working_state(&head).await.unwrap().unwrap();
    assert_eq!((state.branch, state.unpushed), (None, None));
}

#[tokio::test]
async fn a_mirror_has_no_working_state() {
    let yard = Yard::new();
    let forge = yard.repository("forge");
    let plain = yard.path("plain");
    std::fs::create_dir(&plain).unwrap();
    let source = Source::open(Some(&forge.url()), &plain, &yard.cache())
        .await
        .unwrap();
    assert_eq!(source.working_state(&forge.head()).await.unwrap(), None);
}

#[tokio::test]
async fn finds_lfs_pointers_and_nothing_that_only_speaks_of_them() {
    let yard = Yard::new();
    let repository = yard.repository("shop");
    let pointer = format!(
        "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12345\n",
        "4d".repeat(32)
    );
    repository.write(&format!("img/{AWKWARD}"), &pointer);
    repository.write("doc.md", format!("A pointer looks so:\n{pointer}"));
    repository.write("binary", vec![0_u8; 200]);
    let head = repository.commit("long", &format!("{pointer}{}", "x".repeat(2000)), "Files");
    let source = yard.open(&repository).await;
    let pointers = source.lfs_pointers(&head).await.unwrap();
    assert_eq!(pointers, [format!("img/{AWKWARD}")]);
}
