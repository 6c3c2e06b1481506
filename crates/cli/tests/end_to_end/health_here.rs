//! Health checks that the controller asks: once, or once for each host; over TLS; again after it was stopped.

use crate::support::{Run, Running, Stage, toml, wait_until};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use windlass_lab::{LabError, Sshd, Web, WebAnswer, available};

fn well() -> Web {
    Web::start(|_| WebAnswer::new("200 OK", "ready\n")).expect("a web server")
}

/// A stage of two hosts on which one release is live, then with these tables; and what is live on each.
fn two_hosts_then(tables: &str) -> (Stage, impl Fn() -> Vec<String> + use<>) {
    let stage = Stage::with(Sshd::builder().addresses(2));
    stage.configure("", "");
    let roots = stage.set_hosts(&["", ""]);
    let live = move || {
        let links = roots
            .iter()
            .map(|root| std::fs::read_link(root.join("current")));
        let links = links.map(|link| link.expect("something is live"));
        links.map(|link| link.display().to_string()).collect()
    };
    let run = deploy(&stage);
    assert_eq!(run.code, 0, "{run}");
    stage.edit(|text| text.replacen("[stages.", &format!("{tables}[stages."), 1));
    (stage, live)
}

fn deploy(stage: &Stage) -> Run {
    stage.run(&["deploy", "production", "--yes"])
}

fn check(url: &str, more: &str) -> String {
    let url = toml(url);
    format!("[[health]]\nname = \"up\"\nurl = {url}\nfrom = \"controller\"\n{more}\n")
}

#[test]
fn what_is_not_about_a_host_is_asked_once() {
    let web = well();
    let (stage, live) = two_hosts_then(&check(&web.url("/up"), "body = \"ready\""));
    let before = live();
    let run = deploy(&stage);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(web.requests().len(), 1);
    assert_ne!(live(), before);
}

#[test]
fn each_host_is_asked_by_its_address_and_one_that_refuses_flips_both_back() {
    let web = well();
    let url = format!("http://{{host}}:{}/up", web.port());
    let (stage, live) = two_hosts_then(&check(&url, "within = \"200ms\"\ninterval = \"100ms\""));
    let before = live();
    // The server listens on the first host's address alone.
    let run = deploy(&stage);
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(live(), before);
    for words in [
        "health:up on 127.0.0.2",
        "the last answer: no answer: curl: (7) ",
    ] {
        assert!(run.stderr.contains(words), "`{words}`\n{run}");
    }
}

#[test]
fn a_controller_that_was_stopped_meanwhile_asks_again() {
    for (signal, code) in [("TERM", 11), ("KILL", -1)] {
        let is_well = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&is_well);
        let web = Web::start(move |_| {
            if seen.load(Ordering::SeqCst) {
                return WebAnswer::new("200 OK", "ready\n");
            }
            WebAnswer::new("503 Service Unavailable", "no database\n")
        });
        let web = web.expect("a web server");
        let stage = Stage::new();
        stage.configure(
            "",
            &check(&web.url("/up"), "within = \"10m\"\ninterval = \"200ms\""),
        );
        let running = stage.start(&["deploy", "production", "--yes"]);
        wait_until("it is asked", || web.requests().len() > 1);
        running.signal(signal);
        let run = running.finish();
        assert_eq!(run.code, code, "{run}");
        is_well.store(true, Ordering::SeqCst);
        let run = stage.run(&["resume", "production", "--json"]);
        assert_eq!(run.code, 0, "{run}");
        let told = run.output_of("health:up", "stdout");
        let told = String::from_utf8_lossy(&told).into_owned();
        assert!(
            told.starts_with("healthy after 1 try in "),
            "{signal}: {told}"
        );
        stage.assert_clean();
    }
}

#[test]
fn a_controller_without_curl_is_told_before_anything_is_changed() {
    let stage = Stage::new();
    stage.configure("", &check("http://127.0.0.1:1/up", ""));
    let empty = stage.home().join("empty");
    std::fs::create_dir(&empty).expect("made");
    for command in ["deploy", "rollback"] {
        let mut refused = stage.windlass(&[command, "production", "--yes"]);
        refused.env("PATH", &empty);
        let run = Running::new(refused).finish();
        assert_eq!(run.code, 1, "{run}");
        for words in [
            "curl is not installed on this machine",
            "`up`",
            "from = \"host\"",
            "nothing was changed",
        ] {
            assert!(run.stderr.contains(words), "`{words}`\n{run}");
        }
    }
    assert_eq!(stage.host.live(), None);
    let mut check = stage.windlass(&["check", "production"]);
    check.env("PATH", &empty);
    let run = Running::new(check).finish();
    assert_eq!(run.code, 30, "{run}");
    let told = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(
        told.contains("curl is not installed on this machine"),
        "{run}"
    );
}

/// A server over TLS with a certificate of its own for 127.0.0.1, by the program openssl.
struct Tls {
    server: Child,
    port: String,
}

impl Tls {
    /// None, and a line that says so, where openssl is not installed.
    fn start(dir: &Path) -> Option<Self> {
        let words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem \
            -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1";
        let made = Command::new("openssl")
            .current_dir(dir)
            .args(words.split_whitespace())
            .output();
        let made = made.map_err(|error| LabError::Unavailable {
            what: "openssl".to_owned(),
            why: error.to_string(),
        });
        let made = available(made).expect("nothing else can be wrong")?;
        assert!(made.status.success(), "{made:?}");
        let words = "s_server -accept 127.0.0.1:0 -www -key key.pem -cert cert.pem";
        let mut server = Command::new("openssl")
            .current_dir(dir)
            .args(words.split_whitespace())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it was there a moment ago");
        let lines = BufReader::new(server.stdout.take().expect("piped")).lines();
        let mut lines = lines.map_while(Result::ok);
        let said = lines.find(|line| line.starts_with("ACCEPT"));
        let port = said.as_ref().and_then(|line| line.rsplit(':').next());
        let port = port.expect("it says where it listens").to_owned();
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { server, port })
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        self.server.kill().expect("killed");
        self.server.wait().expect("waited for");
    }
}

#[test]
fn a_certificate_is_verified_unless_it_is_said_otherwise() {
    let stage = Stage::new();
    let Some(tls) = Tls::start(stage.home()) else {
        return;
    };
    let url = format!("https://127.0.0.1:{}/", tls.port);
    let strict = check(&url, "within = \"100ms\"");
    stage.configure("", &strict);
    let run = deploy(&stage);
    assert_eq!(run.code, 1, "{run}");
    let told = "the last answer: no answer: curl: (60) ";
    assert!(run.stderr.contains(told), "{run}");
    assert_eq!(stage.host.live(), None);

    let mut trusting = stage.windlass(&["deploy", "production", "--yes"]);
    trusting.env("CURL_CA_BUNDLE", stage.home().join("cert.pem"));
    let run = Running::new(trusting).finish();
    assert_eq!(run.code, 0, "{run}");

    stage.configure("", &format!("{strict}insecure = true\n"));
    let run = deploy(&stage);
    assert_eq!(run.code, 0, "{run}");
}
