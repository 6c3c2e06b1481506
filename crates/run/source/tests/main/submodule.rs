use crate::repository::{AWKWARD, Repository, Yard};
use windlass_source::Error;

/// A forge with a library as submodule under an awkward path.
fn with_submodule(yard: &Yard) -> (Repository, Repository) {
    let library = yard.repository("library");
    library.commit("lib.rb", "1", "Library");
    let shop = yard.repository("shop");
    shop.git(&[
        "submodule",
        "add",
        "--quiet",
        "--name",
        "lib",
        "../library",
        AWKWARD,
    ]);
    shop.git(&["commit", "--quiet", "--message", "Submodule"]);
    (library, shop)
}

#[tokio::test]
async fn submodules_are_listed_with_the_pinned_commit_and_a_whole_url() {
    let yard = Yard::new();
    let (library, shop) = with_submodule(&yard);
    let copy = yard.clone_of(&shop, "copy", &[]);
    let source = yard.open(&copy).await;
    let submodules = source.submodules(&copy.head()).await.unwrap();
    let [submodule] = submodules.as_slice() else {
        panic!("{submodules:?}");
    };
    assert_eq!(submodule.path, AWKWARD);
    assert_eq!(submodule.revision, library.head());
    assert_eq!(submodule.url, library.url());
}

#[tokio::test]
async fn a_checked_out_submodule_packs_without_its_forge() {
    let yard = Yard::new();
    let (library, shop) = with_submodule(&yard);
    std::fs::rename(&library.path, yard.path("gone")).unwrap();
    let source = yard.open(&shop).await;
    let submodules = source.submodules(&shop.head()).await.unwrap();
    let inner = source.open_submodule(&submodules[0]).await.unwrap();
    assert!(!inner.is_mirror());
    let pack = inner
        .pack(&submodules[0].revision, &[], &yard.path("p"))
        .await
        .unwrap();
    assert_eq!(pack.objects, 6);
}

#[tokio::test]
async fn a_submodule_that_is_not_checked_out_is_mirrored() {
    let yard = Yard::new();
    let (_library, shop) = with_submodule(&yard);
    let copy = yard.clone_of(&shop, "copy", &[]);
    let source = yard.open(&copy).await;
    let submodules = source.submodules(&copy.head()).await.unwrap();
    let inner = source.open_submodule(&submodules[0]).await.unwrap();
    assert!(inner.is_mirror());
    inner
        .pack(&submodules[0].revision, &[], &yard.path("p"))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_submodule_without_a_url_is_named() {
    let yard = Yard::new();
    let (_library, shop) = with_submodule(&yard);
    let head = shop.commit(".gitmodules", "", "Forgotten");
    let source = yard.open(&shop).await;
    let error = source.submodules(&head).await.unwrap_err();
    let Error::SubmoduleWithoutUrl { path } = &error else {
        panic!("{error}");
    };
    assert_eq!(path, AWKWARD);
}

#[tokio::test]
async fn a_repository_without_submodules_has_none() {
    let yard = Yard::new();
    let repository = yard.repository("shop");
    let source = yard.open(&repository).await;
    assert_eq!(source.submodules(&repository.head()).await.unwrap(), []);
}
