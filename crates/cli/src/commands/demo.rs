//! `demo`: a whole deploy on this machine without any set-up, with the connection cut twice in a silent asset build.
//!
//! An SSH host runs inside this process, a proxy that cuts stands before it, and everything lives in one temporary
//! directory that is removed at the end. The deploy is the ordinary one: the same command, engine and jobs.

use crate::args::{DeployArgs, Global};
use crate::commands::deploy::deploy;
use crate::error::Failure;
use crate::screen::say;
use crate::world::World;
use std::fs::{OpenOptions, Permissions, create_dir_all, write};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use windlass_demohost::{Cut, DemoHost, Proxy};
use windlass_model::ExitCode;

/// How long the asset build says nothing.
const SILENCE: u64 = 12;
/// The path drops a connection that is silent for so long.
const IDLE_CUT_OFF: Duration = Duration::from_secs(3);
/// The reset comes so long after the first cut.
const RESET_AFTER: Duration = Duration::from_secs(4);

/// Where everything of the demo lies.
struct Stage {
    directory: tempfile::TempDir,
    _host: DemoHost,
    proxy: Arc<Proxy>,
}

/// Runs the demo.
pub(crate) async fn demo(world: &World, global: &Global) -> Result<ExitCode, Failure> {
    if !runs("git") {
        return Err(Failure::new(
            ExitCode::Failed,
            "the demo deploys a git repository, and git is not installed",
        )
        .hint("install git, then: windlass demo"));
    }
    let stage = set_up().map_err(|error| {
        Failure::new(
            ExitCode::Failed,
            format!("the demo's host could not be set up: {error}"),
        )
    })?;
    introduce();
    let over = Arc::new(AtomicBool::new(false));
    let trouble = trouble(&stage, &over);
    let args = DeployArgs {
        stage: Some("production".to_owned()),
        ..DeployArgs::default()
    };
    let global = Global {
        yes: true,
        json: global.json,
        no_color: global.no_color,
        ..Global::default()
    };
    let code = Box::pin(deploy(&stage.world(world), &global, &args)).await;
    over.store(true, Ordering::Relaxed);
    let cuts = trouble.join().unwrap_or_default();
    let code = code?;
    match code {
        ExitCode::Done => conclude(&stage, cuts),
        _ => say(
            "\nThe demo was broken off; nothing of it is left, so there is nothing to go on with.",
        ),
    }
    Ok(code)
}

fn introduce() {
    say("A throw-away SSH host inside this process, a small app, and a path that behaves badly:");
    say(&format!(
        "· the asset build says nothing for {SILENCE} s; the path resets connections that are silent for {} s",
        IDLE_CUT_OFF.as_secs()
    ));
    say(
        "· keepalive and pulse are off for this demo, or the path would never see a silent connection",
    );
    say(&format!(
        "· {} s later the connection is reset once more",
        RESET_AFTER.as_secs()
    ));
    say("");
}

fn conclude(stage: &Stage, cuts: u64) {
    let builds = std::fs::read_to_string(stage.path("builds"))
        .unwrap_or_default()
        .lines()
        .count();
    say("");
    say(&format!(
        "connections cut by the path: {cuts} · asset build started: {builds} time · its exit status: read from its record"
    ));
    say(
        "A tool bound to its connection would have failed at the first cut: the build left running, the lock held,",
    );
    say(
        "and its rollback sent down the same dead connection. Nothing of this demo is left on your machine.",
    );
}

impl Stage {
    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The surroundings of a person who has nothing but this project.
    fn world(&self, world: &World) -> World {
        let mut world = world.clone();
        let home = self.path("controller");
        world.env.retain(|name, _| {
            !name.starts_with("WINDLASS_") && !name.starts_with("XDG_") && name != "SSH_AUTH_SOCK"
        });
        world
            .env
            .insert("HOME".to_owned(), home.display().to_string());
        world.directory = self.path("app");
        world.passing = true;
        world
    }
}

/// Causes the trouble in a thread of its own; gives how many connections were cut.
fn trouble(stage: &Stage, over: &Arc<AtomicBool>) -> std::thread::JoinHandle<u64> {
    let (proxy, over, begun) = (
        Arc::clone(&stage.proxy),
        Arc::clone(over),
        stage.path("builds"),
    );
    std::thread::spawn(move || {
        let until = |is: &dyn Fn() -> bool| {
            while !is() && !over.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(50));
            }
        };
        until(&|| begun.exists());
        proxy.idle_cut_off(Some((IDLE_CUT_OFF, Cut::Reset)));
        until(&|| proxy.cuts() > 0);
        proxy.idle_cut_off(None);
        let cut = Instant::now();
        until(&|| cut.elapsed() > RESET_AFTER);
        if !over.load(Ordering::Relaxed) {
            proxy.cut_now(Cut::Reset);
        }
        until(&|| false);
        proxy.cuts()
    })
}

fn set_up() -> Result<Stage, Box<dyn std::error::Error>> {
    let directory = tempfile::Builder::new()
        .prefix("windlass-demo-")
        .tempdir()?;
    let base = directory.path();
    for name in ["controller", "host", "app/public"] {
        create_dir_all(base.join(name))?;
    }
    let host = DemoHost::start(&base.join("host"))?;
    let proxy = Arc::new(Proxy::start(host.address())?);
    let key = base.join("controller/key");
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&key)?;
    file.write_all(host.client_key().as_bytes())?;
    let known = base.join("controller/known_hosts");
    let at = std::net::SocketAddr::from(([127, 0, 0, 1], proxy.port()));
    write(&known, host.known_host_at(at) + "\n")?;
    app(base, &settings(base, proxy.port()))?;
    Ok(Stage {
        directory,
        _host: host,
        proxy,
    })
}

fn settings(base: &Path, port: u16) -> String {
    let base = base.display();
    format!(
        r#"application        = "demo"
branch             = "main"
deploy_to          = "{base}/host/www"
linked_dirs        = ["log"]
pulse_interval     = "0s"      # the default is 10 s: then the path would not cut at all

[ssh]
config             = "none"
agent              = false
identities         = ["{base}/controller/key"]
known_hosts        = "{base}/controller/known_hosts"
keepalive_interval = "0s"      # the default is 15 s

[restart]
app = "echo restarted"

[[tasks]]
name  = "assets"
after = "updated"
run   = "sh bin/build-assets {base}/builds"

[stages.production]
hosts = ["demo@127.0.0.1:{port}"]
"#
    )
}

fn app(base: &Path, settings: &str) -> Result<(), Box<dyn std::error::Error>> {
    let app = base.join("app");
    create_dir_all(app.join("bin"))?;
    write(app.join("public/index.html"), "<h1>Hello</h1>\n")?;
    let build = format!(
        "echo started >> \"$1\"\necho compiling assets\nsleep {SILENCE}\nmkdir -p public/assets\n\
         echo 'body {{}}' > public/assets/app.css\necho done\n"
    );
    write(app.join("bin/build-assets"), build)?;
    std::fs::set_permissions(app.join("bin/build-assets"), Permissions::from_mode(0o755))?;
    write(app.join("windlass.toml"), settings)?;
    for words in [
        &["init", "--quiet", "--initial-branch=main"] as &[&str],
        &["add", "--all"],
        &["commit", "--quiet", "--message=A small app"],
    ] {
        git(&app, words)?;
    }
    Ok(())
}

fn git(directory: &Path, words: &[&str]) -> Result<(), Box<dyn std::error::Error>> {
    let output = Command::new("git")
        .args([
            "-c",
            "user.name=Demo",
            "-c",
            "user.email=demo@example.com",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(words)
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .stdin(Stdio::null())
        .output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "git {}: {}",
        words.join(" "),
        String::from_utf8_lossy(&output.stderr).trim_end()
    )
    .into())
}

fn runs(program: &str) -> bool {
    let status = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}
