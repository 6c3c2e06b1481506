//! Values from where they are: real commands, files that a real age made.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use windlass_lab::{LabError, available};
use windlass_model::settings::SecretReference;
use windlass_model::{HostName, Secrets};
use windlass_secrets::{Around, Error, Trouble, Wanted, resolve};

/// A project's directory, and the identities that it names.
struct Project {
    directory: TempDir,
    identities: Vec<String>,
    limit: Duration,
}

impl Project {
    fn new() -> Self {
        Self {
            directory: TempDir::new().expect("a directory"),
            identities: Vec::new(),
            limit: Duration::from_secs(60),
        }
    }

    /// With an identity, where age is installed.
    fn with_identity() -> Option<Self> {
        let runs = Command::new("age-keygen").arg("--version").output();
        let found = runs.map(|_| ()).map_err(|error| LabError::Unavailable {
            what: "age".to_owned(),
            why: error.to_string(),
        });
        available(found).expect("nothing else can be wrong")?;
        let mut project = Self::new();
        project.identities.push("key.txt".to_owned());
        project.key("key.txt");
        Some(project)
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn key(&self, name: &str) {
        let made = Command::new("age-keygen")
            .arg("-o")
            .arg(self.path().join(name))
            .output();
        assert!(made.expect("it runs").status.success());
    }

    /// Encrypts a text for the identity of this name.
    fn encrypt(&self, identity: &str, file: &str, text: &str) {
        std::fs::write(self.path().join("plain"), text).expect("written");
        let made = Command::new("age")
            .current_dir(self.path())
            .args(["-e", "-i", identity, "-o", file, "plain"])
            .output();
        assert!(made.expect("it runs").status.success());
        std::fs::remove_file(self.path().join("plain")).expect("removed");
    }

    async fn resolve(&self, wanted: &[Wanted]) -> Result<Secrets, Vec<Error>> {
        let environment = [("HELD".to_owned(), "held value".to_owned())];
        let around = Around {
            environment: &environment.into(),
            directory: self.path(),
            home: self.path(),
            identities: &self.identities,
            interactive: false,
            terminal: false,
            limit: self.limit,
            tell: &|_| {},
        };
        resolve(wanted, &around).await
    }

    /// The one value, or the one error.
    async fn one(&self, reference: SecretReference) -> Result<String, Error> {
        let resolved = self.resolve(&[on("web1", &[("TOKEN", reference)])]).await;
        let secrets = resolved.map_err(|errors| {
            let mut errors = errors;
            assert_eq!(errors.len(), 1, "{errors:?}");
            errors.remove(0)
        })?;
        Ok(of(&secrets, "web1", "TOKEN"))
    }
}

fn on(host: &str, references: &[(&str, SecretReference)]) -> Wanted {
    let references = references.iter().cloned();
    let references: BTreeMap<_, _> = references
        .map(|(name, reference)| (name.to_owned(), reference))
        .collect();
    (HostName::new(host), references)
}

fn of(secrets: &Secrets, host: &str, name: &str) -> String {
    let mut values = secrets.of(&HostName::new(host)).iter();
    let found = values.find(|(other, _)| other == name);
    found.expect("it is there").1.reveal().to_owned()
}

fn env(variable: &str) -> SecretReference {
    SecretReference::FromEnv(variable.to_owned())
}

fn command(script: &str) -> SecretReference {
    SecretReference::Command(script.to_owned())
}

fn age(file: &str, key: Option<&str>) -> SecretReference {
    SecretReference::Age {
        file: file.to_owned(),
        key: key.map(str::to_owned),
    }
}

#[tokio::test]
async fn a_command_is_run_once_in_the_project_for_all_who_want_its_value() {
    let project = Project::new();
    let script = "echo run >>runs; printf ' a\\nb\\n\\n'";
    let wanted = [
        on("web1", &[("A", command(script)), ("B", command(script))]),
        on("web2", &[("A", command(script))]),
    ];
    let secrets = project.resolve(&wanted).await.expect("values");
    for (host, name) in [("web1", "A"), ("web1", "B"), ("web2", "A")] {
        assert_eq!(of(&secrets, host, name), " a\nb\n", "{host} {name}");
    }
    let runs = std::fs::read_to_string(project.path().join("runs"));
    assert_eq!(runs.expect("it ran here"), "run\n");
}

#[tokio::test]
async fn one_name_may_have_another_value_on_another_host() {
    let project = Project::new();
    let wanted = [
        on("web1", &[("A", env("HELD"))]),
        on("job1", &[("A", command("echo other")), ("B", env("HELD"))]),
    ];
    let secrets = project.resolve(&wanted).await.expect("values");
    assert_eq!(of(&secrets, "web1", "A"), "held value");
    assert_eq!(of(&secrets, "job1", "A"), "other");
    assert_eq!(secrets.of(&HostName::new("web1")).len(), 1);
    assert!(secrets.of(&HostName::new("db1")).is_empty());
}

#[tokio::test]
async fn all_that_is_missing_is_named_before_anything_runs() {
    let project = Project::new();
    let wanted = [on(
        "web1",
        &[
            ("A", env("UNSET_1")),
            ("B", command("touch ran; echo x")),
            ("C", age("not/there.age", None)),
            ("D", env("UNSET_2")),
        ],
    )];
    let errors = project.resolve(&wanted).await.expect_err("missing");
    let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "secret `A` is to come from the environment variable UNSET_1, which is not set",
            "secret `C` is to come from not/there.age, which cannot be read",
            "secret `D` is to come from the environment variable UNSET_2, which is not set",
        ]
    );
    assert!(!project.path().join("ran").exists());
}

#[tokio::test]
async fn a_command_that_gives_nothing_of_use_is_named_with_what_it_did() {
    let project = Project::new();
    for (script, says) in [
        ("echo value; exit 3", "ended with exit status 3"),
        ("kill -9 $$", "ended with signal 9"),
        ("true", "gave nothing"),
        ("echo", "gave nothing"),
        ("printf 'a\\0b'", "gave something that is not text"),
        ("printf '\\377'", "gave something that is not text"),
        ("cat /dev/zero", "gave more than 1 MiB"),
        (
            "head -c 130000 /dev/zero | tr '\\0' x",
            "gave more than 120 KiB, which is more than a variable can hold",
        ),
    ] {
        let error = project.one(command(script)).await.expect_err(script);
        let text = format!("secret `TOKEN`: its command `{script}` {says}");
        assert_eq!(error.to_string(), text);
        assert!(error.hint().is_some_and(|hint| hint.contains("by hand")));
    }
}

#[tokio::test]
async fn a_command_reads_nothing_where_nobody_is_there() {
    let project = Project::new();
    let value = project.one(command("cat; echo end")).await;
    assert_eq!(value.expect("a value"), "end");
}

#[tokio::test]
async fn a_command_that_does_not_end_is_stopped_with_its_children() {
    let mut project = Project {
        limit: Duration::from_millis(200),
        ..Project::new()
    };
    let child = project.path().join("child");
    let began = Instant::now();
    // A busy machine may need longer than that to begin it.
    while !std::fs::read_to_string(&child).is_ok_and(|child| child.ends_with('\n')) {
        let endless = command("sleep 600 & echo $! >child; wait");
        let error = project.one(endless).await.expect_err("it took too long");
        assert!(matches!(
            error,
            Error::Command {
                trouble: Trouble::TooLong(_),
                ..
            }
        ));
        assert!(began.elapsed() < Duration::from_secs(60));
        project.limit *= 2;
    }
    let child = std::fs::read_to_string(&child).expect("it had begun");
    let child = Path::new("/proc").join(child.trim()).join("cmdline");
    while std::fs::read(&child).is_ok_and(|line| line.starts_with(b"sleep")) {
        assert!(began.elapsed() < Duration::from_secs(60), "it lives on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn an_encrypted_file_is_a_value_or_has_several_by_name() {
    let Some(project) = Project::with_identity() else {
        return;
    };
    project.encrypt("key.txt", "whole.age", "a\nb\n\n");
    project.encrypt("key.txt", "env.age", "# all\nA=1\nTOKEN='it is'\n");
    assert_eq!(
        project.one(age("whole.age", None)).await.expect("it"),
        "a\nb\n"
    );
    let value = project.one(age("env.age", Some("TOKEN"))).await;
    assert_eq!(value.expect("it"), "it is");
    let error = project
        .one(age("env.age", Some("OTHER")))
        .await
        .expect_err("none");
    assert_eq!(
        error.to_string(),
        "secret `TOKEN`: env.age has no line `OTHER=…`"
    );
    let error = project
        .one(age("whole.age", Some("A")))
        .await
        .expect_err("none");
    let text =
        "secret `TOKEN`: line 1 of what was decrypted from whole.age is not of the form NAME=VALUE";
    assert_eq!(error.to_string(), text);
}

#[tokio::test]
async fn what_keeps_a_file_from_being_decrypted_is_named_with_its_cure() {
    let Some(mut project) = Project::with_identity() else {
        return;
    };
    project.encrypt("key.txt", "mine.age", "canary");
    project.key("other.txt");
    project.encrypt("other.txt", "others.age", "canary");
    let mut bytes = std::fs::read(project.path().join("mine.age")).expect("read");
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
    std::fs::write(project.path().join("flipped.age"), &bytes).expect("written");
    std::fs::write(project.path().join("plain.age"), "TOKEN=canary").expect("written");
    for (file, says, cure) in [
        ("others.age", "is encrypted for others", "age-keygen -y"),
        (
            "flipped.age",
            "could not be decrypted: age ended with exit status 1 (",
            "age -d -i IDENTITY",
        ),
        ("plain.age", "is no file that age encrypted", "age -r"),
        ("none.age", "cannot be read", "age -r"),
    ] {
        told(&project, file, says, cure).await;
    }
    project.identities = vec!["gone.txt".to_owned()];
    told(
        &project,
        "mine.age",
        "identity gone.txt for mine.age cannot be read",
        "age-keygen -o gone.txt",
    )
    .await;
    project.identities.clear();
    told(
        &project,
        "mine.age",
        "no identity is named",
        "WINDLASS_AGE_IDENTITIES",
    )
    .await;
}

async fn told(project: &Project, file: &str, says: &str, cure: &str) {
    let error = project.one(age(file, None)).await.expect_err(file);
    let text = error.to_string();
    assert!(text.contains("`TOKEN`") && text.contains(file), "{text}");
    assert!(text.contains(says), "{text}");
    let hint = error.hint().unwrap_or_default();
    assert!(hint.contains(cure), "{hint}");
    assert!(!text.contains("canary") && !hint.contains("canary"));
}
