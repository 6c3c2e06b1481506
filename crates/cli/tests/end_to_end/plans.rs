//! What `plan` shows of a deploy before it: by a real git, of hosts as others left them.

use crate::support::{Run, Stage};
use crate::terminal::Terminal;
use std::fs;
use std::path::Path;

/// What `plan` shows, with words beside the stage.
fn plan(stage: &Stage, words: &[&str]) -> String {
    shown(&stage.run(&[&["plan", "production"], words].concat()))
}

fn shown(run: &Run) -> String {
    assert_eq!(run.code, 0, "{run}");
    String::from_utf8(run.stdout.clone()).expect("UTF-8")
}

/// The digits behind `plan `.
fn digest(text: &str) -> String {
    let (_, rest) = text.rsplit_once("plan ").expect("a digest");
    rest.chars().take(6).collect()
}

fn assert_has(text: &str, all: &[&str]) {
    // Lines are wrapped between words.
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in all {
        assert!(flat.contains(words), "{words}\n{text}");
    }
}

/// A commit with this subject.
fn commit(stage: &Stage, file: &str, subject: &str) {
    let path = stage.repo.work().join(file);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    fs::write(path, subject).expect("written");
    stage.repo.git(&["add", "--", file]).expect("added");
    let commit = ["commit", "--quiet", "--cleanup=verbatim", "-m", subject];
    stage.repo.git(&commit).expect("a commit");
    stage.repo.push().expect("pushed");
}

fn short(stage: &Stage, name: &str) -> String {
    stage.repo.id(name).expect("a commit")[..7].to_owned()
}

/// Deploys, and asserts that the plan before it had the same digest.
fn deploy_as_planned(stage: &Stage, planned: &str) {
    let run = stage.run(&["deploy", "production", "--yes", "-m", "because"]);
    assert_eq!(run.code, 0, "{run}");
    let wanted = format!("plan {}: ", digest(planned));
    assert!(run.stderr.contains(&wanted), "{planned}\n{run}");
}

/// A stage with a first deploy, whose repository has two commits more since; they stand above those of the sample.
fn two_commits_later(source: &str) -> (Stage, String) {
    let stage = Stage::new();
    let top = format!("source = \"{source}\"\nlinked_dirs = [\"app\", \"log\"]");
    stage.configure(&top, "");
    let first = plan(&stage, &[]);
    let replaced = "replaced app of the repository, by the link to shared/app";
    let wanted = ["the first deploy: nothing is live yet", replaced];
    assert_has(&first, &wanted);
    deploy_as_planned(&stage, &first);
    let live = short(&stage, "main");
    commit(&stage, "lib/a", "A \u{1b}[2Jsubject");
    commit(&stage, "db/migrate/1_b.rb", "Another");
    (stage, live)
}

#[test]
fn what_comes_is_told_and_the_deploy_has_the_digest_of_its_plan() {
    for source in ["push", "git"] {
        let (stage, live) = two_commits_later(source);
        let new = short(&stage, "main");
        let text = plan(&stage, &[]);
        let since = format!("commits 2 since {live} (live on ");
        let files = "2 changed (+2 −0): db/migrate/1_b.rb, lib/a";
        let stays = format!("stays: {} (live)", stage.host.live().expect("live"));
        let another = format!("{new} Another");
        assert_has(&text, &[&since, &another, "A ␛[2Jsubject", files, &stays]);
        assert!(
            !text.contains("db/migrate: "),
            "no recipe watches it\n{text}"
        );
        assert_eq!(digest(&plan(&stage, &[])), digest(&text));
        deploy_as_planned(&stage, &text);
        let none = format!("none: {new} is live on ");
        assert_has(&plan(&stage, &[]), &[&none]);
        let back = stage.run(&["rollback", "production", "--dry-run"]);
        let words = format!("goes back by 2 commits from {new} (live on ");
        assert_has(&shown(&back), &[&words]);
        stage.assert_clean();
    }
}

#[test]
fn what_leaves_is_told_where_the_branch_went_back_or_another_way() {
    for source in ["push", "git"] {
        let (stage, old) = two_commits_later(source);
        deploy_as_planned(&stage, &plan(&stage, &[]));
        let live = short(&stage, "main");
        let words = format!("goes back by 2 commits from {live} (live on ");
        let another = format!("{live} Another");
        let id = stage.repo.id(&old).expect("a commit");
        let back = plan(&stage, &["--revision", &id]);
        assert_has(&back, &[&words, "which leave:", &another]);

        let rewind = ["reset", "--quiet", "--hard", "HEAD~2"];
        stage.repo.git(&rewind).expect("rewound");
        stage.repo.push().expect("pushed");
        assert_has(&plan(&stage, &[]), &[&words, "which leave:", &another]);
        commit(&stage, "other", "Instead");
        let text = plan(&stage, &[]);
        let parted = format!("the histories part: {live} (live on ");
        let wanted = [
            &parted,
            "is no ancestor of",
            "1 commit to come:",
            "2 commits to leave:",
        ];
        assert_has(&text, &wanted);
        deploy_as_planned(&stage, &text);
        stage.assert_clean();
    }
}

#[test]
fn what_a_recipe_watches_is_named_and_json_has_all_of_it() {
    let stage = Stage::new();
    stage.configure("", "");
    stage.deploy_first();
    stage.configure("recipes = [\"rails\"]\nlinked_files = [\"config/key\"]", "");
    commit(&stage, "db/migrate/1_orders.rb", "Orders");
    let run = stage.run(&["plan", "production"]);
    assert_eq!(run.code, 1, "a linked file is missing\n{run}");
    let text = String::from_utf8(run.stdout).expect("UTF-8");
    let migration = "db/migrate: 1 new: 1_orders.rb";
    let missing = "config/key ✘ missing on 127.0.0.1 → windlass setup production";
    assert_has(
        &text,
        &["app/assets no", migration, missing, "rake db:migrate"],
    );

    let run = stage.run(&["plan", "production", "--json"]);
    let rows = run.events();
    assert_eq!(rows.len(), 1, "{run}");
    let row = &rows[0];
    assert_eq!(
        (&row["format"], &row["kind"]),
        (&1.into(), &"deploy".into())
    );
    let short: String = row["digest"]
        .as_str()
        .expect("text")
        .chars()
        .take(6)
        .collect();
    assert_eq!(short, digest(&text));
    let brings = &row["changes"][0]["brings"];
    assert_eq!(brings["watched"][1]["added"][0], "1_orders.rb", "{row}");
    assert_eq!(brings["comes"]["commits"][0]["subject"], "Orders", "{row}");
    assert_eq!(row["linked"][0]["missing"][0], row["hosts"][0], "{row}");
    assert_eq!(row["steps"][0]["task"], "lock", "{row}");
}

#[test]
fn what_is_live_may_be_marked_oddly_or_be_known_to_nobody() {
    let stage = Stage::new();
    stage.configure("", "");
    stage.deploy_first();
    let marker = stage.host.deploy_to().join("current/REVISION");
    let absent = "0123456789abcdef0123456789abcdef01234567";
    let range = format!("0123456..{}", short(&stage, "main"));
    let fetch = format!("git fetch, then git log --oneline {range}");
    for (said, wanted) in [
        ("\u{1b}[2J; no id\n", "is no commit id: "),
        ("", "has no REVISION"),
        (
            absent,
            "the working copy here does not have 0123456, which is live, and the mirror on 127.0.0.1",
        ),
        (absent, fetch.as_str()),
    ] {
        fs::write(&marker, said).expect("written");
        let text = plan(&stage, &[]);
        assert_has(&text, &["not known for 127.0.0.1", wanted]);
        assert!(!text.contains('\u{1b}'), "{text}");
    }
    fs::remove_file(&marker).expect("removed");
    assert_has(&plan(&stage, &[]), &["has no REVISION"]);
    let run = stage.run(&["deploy", "production", "--yes"]);
    assert_eq!(run.code, 0, "{run}");
}

#[test]
fn without_the_commits_here_the_mirror_of_a_host_is_asked() {
    let stage = Stage::new();
    stage.configure("source = \"git\"", "");
    stage.deploy_first();
    let live = short(&stage, "main");
    let older = stage.repo.id("main~1").expect("a commit");
    commit(&stage, "new", "New");
    let new = short(&stage, "main");
    fs::remove_dir_all(stage.repo.work().join(".git")).expect("removed");
    let listed = || crate::support::files_below(&stage.host.deploy_to().join("repo"));
    let before = listed();
    let back = plan(&stage, &["--revision", &older]);
    let words = format!("goes back by 1 commit from {live} (live on 127.0.0.1");
    assert_has(&back, &[&words, "which leave:"]);
    let text = plan(&stage, &[]);
    let nobody = "the mirror on 127.0.0.1";
    let cure = format!("in a clone that has both: git log --oneline {live}..{new}");
    assert_has(
        &text,
        &[
            "there is no git repository",
            nobody,
            "does not have both",
            &cure,
        ],
    );
    assert_eq!(listed(), before);
}

#[test]
fn a_clone_without_history_says_what_it_cannot_know() {
    let stage = Stage::new();
    stage.configure("", "");
    stage.deploy_first();
    let live = short(&stage, "main");
    commit(&stage, "a", "One");
    commit(&stage, "a", "Two");
    let clone_of = |depth: &str| {
        let clone = stage.home().join(format!("clone{depth}"));
        let at = clone.to_str().expect("UTF-8").to_owned();
        let bare = format!("file://{}", stage.repo.bare().display());
        let clone = ["clone", "--quiet", "--depth", depth, &bare, &at];
        stage.repo.git(&clone).expect("cloned");
        let file = "windlass.toml";
        fs::copy(stage.repo.work().join(file), Path::new(&at).join(file)).expect("copied");
        shown(&stage.run(&["-C", &at, "plan", "production"]))
    };
    let lacks = format!("the working copy here does not have {live}, which is live");
    assert_has(&clone_of("1"), &[&lacks]);
    assert_has(&clone_of("3"), &["commits 2 since", "Two"]);
}

#[test]
fn the_question_comes_after_the_same_summary() {
    let stage = Stage::new();
    stage.configure("", "");
    stage.deploy_first();
    stage.configure("confirm = true", "");
    commit(&stage, "a", "One");
    let planned = plan(&stage, &[]);
    let mut terminal = Terminal::start(stage.windlass(&["deploy", "production", "--no-color"]));
    terminal.wait_for("go on with production? [y/N]", 1);
    terminal.enter("y");
    let run = terminal.finish();
    assert_eq!(run.code, 0, "{run}");
    let (summary, _) = run.stderr.split_once("go on with").expect("a question");
    let head = "will deploy main at ";
    assert_has(
        summary,
        &[head, "(so far only the lock was taken)", "commits 1 since"],
    );
    let lines = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.trim_end().to_owned());
        lines
            .skip_while(|line| !line.starts_with("  commits"))
            .collect()
    };
    let (planned_lines, asked) = (lines(&planned), lines(summary));
    let differs = planned_lines
        .iter()
        .zip(&asked)
        .filter(|(one, other)| one != other);
    let differs: Vec<_> = differs.collect();
    assert!(asked.len() > 10 && differs.len() <= 2, "{differs:?}");
    assert_eq!(digest(summary), digest(&planned));
}
