//! What is called otherwise in Capistrano 2, and its defaults, which are written out.

use super::table::{Meaning, Shape, Special};
use super::{Sheet, grammar, neutral, shapes, ssh};
use crate::evaluate::Evaluator;
use crate::evaluate::legacy::shared_children;
use crate::ledger::Fate;
use crate::toml::Item;
use crate::value::Value;

use Meaning::{Key, Neutral, Special as More, Todo};

const SENT: &str = "the code is sent to the hosts; nothing is copied in another way";

/// What is known of a setting of Capistrano 2 of this name, where it is not what it is in Capistrano 3.
pub(super) fn meaning(name: &str) -> Option<Meaning> {
    let mut known = TABLE.iter();
    known
        .find(|(known, _)| *known == name)
        .map(|(_, meaning)| *meaning)
}

static TABLE: &[(&str, Meaning)] = &[
    ("repository", Key("", "repository", Shape::Repository)),
    ("user", Key("ssh", "user", Shape::Login)),
    ("port", Key("ssh", "port", Shape::Count)),
    ("default_environment", More(Special::DefaultEnv)),
    ("gateway", More(Special::Gateway)),
    ("shared_children", More(Special::SharedChildren)),
    ("use_sudo", More(Special::UseSudo)),
    (
        "default_run_options",
        Neutral("a task that needs a terminal says `pty = true` in [[tasks]]; others work without"),
    ),
    ("rvm_ruby_string", More(Special::Ruby("rvm"))),
    ("rbenv_ruby_version", More(Special::Ruby("rbenv"))),
    ("bundle_dir", More(Special::BundlePath)),
    (
        "bundle_cmd",
        Todo("write it where tasks call bundle; the recipe `bundler` finds its own"),
    ),
    ("deploy_via", Neutral(SENT)),
    ("repository_cache", Neutral(SENT)),
    ("copy_cache", Neutral(SENT)),
    ("copy_strategy", Neutral(SENT)),
    ("copy_compression", Neutral(SENT)),
    ("copy_dir", Neutral(SENT)),
    ("copy_remote_dir", Neutral(SENT)),
    (
        "copy_exclude",
        Todo("`export-ignore` in .gitattributes leaves files out"),
    ),
    (
        "scm_verbose",
        Neutral("the log file always holds everything"),
    ),
    (
        "synchronous_connect",
        Neutral("hosts are always dialled side by side"),
    ),
    (
        "normalize_asset_timestamps",
        Neutral("only old versions of Rails ask for it; [rails] normalize_assets does it"),
    ),
    (
        "group_writable",
        Todo("`umask = \"002\"` makes releases writable for the group"),
    ),
    (
        "scm_username",
        Todo("git's credential helper on this machine keeps it"),
    ),
    (
        "scm_password",
        Todo("git's credential helper on this machine keeps it"),
    ),
    ("scm_passphrase", Todo("use a key and the ssh-agent")),
    (
        "password",
        Todo("passwords are no settings; use a key and the ssh-agent"),
    ),
    (
        "runner",
        Todo("a task that runs as another user says `sudo` in [[tasks]]"),
    ),
    (
        "admin_runner",
        Todo("a task that runs as another user says `sudo` in [[tasks]]"),
    ),
    (
        "public_children",
        Neutral("only old versions of Rails ask for it"),
    ),
    (
        "maintenance_template_path",
        Todo("a maintenance page is a task after started, with its undo"),
    ),
];

/// The value of a setting that is more than a key.
pub(super) fn special(sheet: &mut Sheet, special: Special, value: &Value) -> Result<Fate, String> {
    match special {
        Special::Gateway => {
            let Item::Text(text) = shapes::item(Shape::Line, value)? else {
                return Err("its hosts are no plain text".to_owned());
            };
            sheet.put("ssh", "jump", ssh::jump(&text)?);
            Ok(Fate::Carried)
        }
        Special::UseSudo => match value.truth() {
            Ok(false) => Ok(neutral("nothing is run through sudo unless a task says so")),
            Ok(true) => {
                Err("commands ran through sudo; a task that needs it says `sudo = true`".to_owned())
            }
            Err(unknown) => Err(unknown.why),
        },
        _ => shared(sheet, value),
    }
}

/// What is shared: Capistrano 2 keeps it by its last name, and here it is kept by its whole path.
fn shared(sheet: &mut Sheet, value: &Value) -> Result<Fate, String> {
    let item = shapes::item(Shape::Linked, value)?;
    sheet.put("", "linked_dirs", item);
    match elsewhere(value).as_slice() {
        [] => Ok(Fate::Carried),
        moved => Err(format!(
            "the directories are linked, and lie elsewhere in `shared`: move {} there once",
            moved.join(", ")
        )),
    }
}

fn elsewhere(value: &Value) -> Vec<String> {
    let dirs = value.items();
    let dirs = dirs.iter().filter_map(Value::word);
    let moved = dirs.filter_map(|dir| {
        let (_, last) = dir.trim_end_matches('/').rsplit_once('/')?;
        Some(format!("{last} to {dir}"))
    });
    moved.collect()
}

/// What Capistrano 2 does where a project says nothing.
pub(super) fn defaults(evaluator: &mut Evaluator<'_>, sheet: &mut Sheet) {
    let settings = &evaluator.project.settings;
    let (branch, dirs, root) = (
        settings.contains_key("branch"),
        settings.contains_key("shared_children"),
        settings.contains_key("deploy_to"),
    );
    if !branch {
        sheet.put("", "branch", Item::text("master"));
        sheet.remark(
            "",
            "branch",
            "TODO Capistrano 2 took the repository's own HEAD; see that this is its name",
        );
    }
    if !dirs {
        // They are as they should be: what they are told of stands beside them.
        let told = shared(sheet, &shared_children());
        if let Err(why) = told {
            sheet.remark("", "linked_dirs", &format!("TODO {why}"));
        }
    }
    if !root
        && let Ok(root) = evaluator.root()
        && grammar::check(grammar::root, &root).is_ok()
    {
        sheet.put("", "deploy_to", Item::text(root));
        sheet.remark("", "deploy_to", "Capistrano 2's default");
    }
}
