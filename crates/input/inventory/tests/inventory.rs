//! Stages and filters in, hosts out.

use proptest::prelude::*;
use windlass_config::{Config, Given, Source, Stage};
use windlass_inventory::{Error, Filter, build};
use windlass_model::{ExitCode, HostName, Inventory};

fn stage(hosts: &str) -> Stage {
    let text = format!("application = \"shop\"\n[stages.production]\nhosts = [\n{hosts}\n]\n");
    whole(&text)
}

fn whole(text: &str) -> Stage {
    let config = Config::load(&Source::file("windlass.toml", text), Given::default())
        .map_err(|mistakes| format!("{mistakes:#}"))
        .expect("settings");
    config.stage("production").expect("a stage")
}

fn inventory(hosts: &str) -> Inventory {
    build(&stage(hosts), &Filter::default()).expect("an inventory")
}

fn words(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

fn filter(hosts: &[&str], roles: &[&str], exclude: &[&str]) -> Filter {
    Filter {
        hosts: words(hosts),
        roles: words(roles),
        exclude: words(exclude),
    }
}

fn names(inventory: &Inventory) -> String {
    let names: Vec<_> = inventory
        .hosts
        .iter()
        .map(|host| host.target.name.as_str())
        .collect();
    names.join(" ")
}

fn rendered(error: &Error) -> String {
    let theme = miette::GraphicalTheme::unicode_nocolor();
    let handler = miette::GraphicalReportHandler::new_themed(theme).with_width(100);
    let mut screen = String::new();
    handler.render_report(&mut screen, error).expect("a screen");
    let lines: Vec<_> = screen.lines().map(str::trim_end).collect();
    lines.join("\n")
}

const FLEET: &str = r#"
  { address = "deploy@web[01:03].example.com", roles = ["app", "web"] },
  { address = "db1.example.com", roles = ["db", "app"], release = false },
  { address = "db2.example.com:2222", roles = ["db"], primary = ["db"], user = "root", deploy_to = "~/{stage}" },
"#;

#[test]
fn hosts_stand_in_the_order_of_the_file_with_all_that_is_theirs() {
    let inventory = inventory(FLEET);
    let hosts: Vec<_> = inventory
        .hosts
        .iter()
        .map(|host| {
            let target = &host.target;
            format!(
                "{} {}@{}:{} roles {} primary {} release {} {}",
                target.name,
                target.user.as_deref().unwrap_or("-"),
                target.address,
                target.port.map_or("-".to_owned(), |port| port.to_string()),
                target.roles.join(","),
                target.primary.join(","),
                target.release,
                target.deploy_to,
            )
        })
        .collect();
    insta::assert_snapshot!(hosts.join("\n"), @r"
    web01.example.com deploy@web01.example.com:- roles app,web primary app,web release true /var/www/shop
    web02.example.com deploy@web02.example.com:- roles app,web primary  release true /var/www/shop
    web03.example.com deploy@web03.example.com:- roles app,web primary  release true /var/www/shop
    db1.example.com -@db1.example.com:- roles db,app primary  release false /var/www/shop
    db2.example.com root@db2.example.com:2222 roles db primary db release true ~/production
    ");
    assert_eq!(inventory.stage, "production");
    assert_eq!(inventory.hosts[4].settings.ssh.port, Some(2222));
}

#[test]
fn a_host_without_roles_has_the_three_usual_ones() {
    let inventory = inventory("\"web1\", \"web2\"");
    assert_eq!(inventory.hosts[1].target.roles, ["app", "web", "db"]);
    assert_eq!(inventory.hosts[0].target.primary, ["app", "web", "db"]);
    assert!(inventory.hosts[1].target.primary.is_empty());
}

#[test]
fn primary_true_means_all_roles_of_the_host() {
    let inventory = inventory("\"web1\", { address = \"web2\", primary = true }");
    assert!(inventory.hosts[0].target.primary.is_empty());
    assert_eq!(inventory.hosts[1].target.primary, ["app", "web", "db"]);
}

#[test]
fn hosts_that_share_an_address_carry_their_ports() {
    let inventory = inventory(
        "\"one:22\", \"one:2222\", \"two:2222\", \"[::1]:22\", \"[::1]:23\", \"[::2]:22\"",
    );
    assert_eq!(
        names(&inventory),
        "one:22 one:2222 two [::1]:22 [::1]:23 ::2"
    );
    assert_eq!(inventory.hosts[3].target.address, "::1");
}

#[test]
fn each_filter_narrows_and_its_values_add_up() {
    let stage = stage(FLEET);
    let filtered = |hosts: &[&str], roles: &[&str], exclude: &[&str]| {
        let inventory = build(&stage, &filter(hosts, roles, exclude)).expect("an inventory");
        names(&inventory).replace(".example.com", "")
    };
    assert_eq!(filtered(&["web01.example.com"], &[], &[]), "web01");
    assert_eq!(filtered(&["db*, web01*"], &[], &[]), "web01 db1 db2");
    assert_eq!(
        filtered(&["db*", "web0?.*"], &["app"], &[]),
        "web01 web02 web03 db1"
    );
    assert_eq!(
        filtered(&[], &["web,db"], &["web02*,db1*"]),
        "web01 web03 db2"
    );
    assert_eq!(filtered(&["*"], &[], &[]), filtered(&[], &[], &[]));
}

#[test]
fn a_filter_never_moves_a_once_only_task() {
    let stage = stage(FLEET);
    let inventory = build(&stage, &filter(&["web02*", "db2*"], &[], &[])).expect("an inventory");
    let primary = |role: &str| {
        inventory
            .primary(role)
            .map(|host| host.target.name.to_string())
    };
    assert_eq!(primary("app"), None);
    assert_eq!(primary("db").as_deref(), Some("db2.example.com"));
    let lost = inventory
        .primary_filtered_out("app")
        .map(ToString::to_string);
    assert_eq!(lost.as_deref(), Some("web01.example.com"));
    assert_eq!(inventory.primary_filtered_out("db"), None);
    assert_eq!(inventory.filtered_out.len(), 3);
    assert!(inventory.hosts[0].target.primary.is_empty());
}

#[test]
fn a_filter_that_matches_nothing_lists_what_there_is() {
    let stage = stage(FLEET);
    let refused = |filter: Filter| {
        let error = build(&stage, &filter).expect_err("nothing matches");
        assert_eq!(error.exit_code(), ExitCode::NoHost);
        rendered(&error)
    };
    let screens = [
        refused(filter(&["web01.example.com,web9"], &[], &[])),
        refused(filter(&[], &["wbe"], &[])),
        refused(filter(&[], &[], &["web7*"])),
        refused(filter(&["web*"], &["db"], &[])),
        refused(filter(&[""], &[], &[])),
    ];
    insta::assert_snapshot!(screens.join("\n"), @r"
      × `--host web9` matches no host of stage `production`
      help: hosts: web01.example.com, web02.example.com, web03.example.com, db1.example.com,
            db2.example.com
      × `--role wbe` matches no role of stage `production`
      help: roles: app, web, db
      × `--exclude web7*` matches no host of stage `production`
      help: hosts: web01.example.com, web02.example.com, web03.example.com, db1.example.com,
            db2.example.com
      × the filters leave no host of stage `production`
      help: hosts: web01.example.com, web02.example.com, web03.example.com, db1.example.com,
            db2.example.com
      × `--host ` matches no host of stage `production`
      help: hosts: web01.example.com, web02.example.com, web03.example.com, db1.example.com,
            db2.example.com
    ");
}

#[test]
fn a_host_that_stands_twice_is_an_error_that_names_both_lines() {
    let stage = stage("  \"web[1:3]\",\n  \"db1\",\n  \"deploy@WEB2\",");
    let error = build(&stage, &Filter::default()).expect_err("twice");
    assert_eq!(error.exit_code(), ExitCode::Config);
    insta::assert_snapshot!(rendered(&error), @r#"
      × host `WEB2` stands in the stage twice, at windlass.toml:4:3 and at windlass.toml:6:3
       ╭─[windlass.toml:6:1]
     6 │   "deploy@WEB2",
       ·   ──────┬──────
       ·         ╰── again
       ╰────
    "#);
}

#[test]
fn two_primaries_of_a_role_are_an_error() {
    let stage =
        stage("{ address = \"a\", primary = true },\n{ address = \"b\", primary = [\"db\"] }");
    let error = build(&stage, &Filter::default()).expect_err("two primaries");
    insta::assert_snapshot!(rendered(&error), @r#"
      × role `db` has two primary hosts, `a` and `b`
       ╭─[windlass.toml:5:1]
     5 │ { address = "b", primary = ["db"] }
       · ─────────────────┬─────────────────
       ·                  ╰── again
       ╰────
    "#);
}

#[test]
fn settings_that_contradict_each_other_on_one_host_are_told() {
    let stage = whole(
        "application = 'a'\n[secrets]\nKEY = { from_env = 'KEY' }\n[roles.app]\nenv = { KEY = 'x' }\n\
         [stages.production]\nhosts = ['web1']\n",
    );
    let error = build(&stage, &Filter::default()).expect_err("a contradiction");
    assert_eq!(error.exit_code(), ExitCode::Config);
    insta::assert_snapshot!(rendered(&error), @r"
      × `secrets.KEY` is in `[env]` too, at windlass.toml:5:9
       ╭─[windlass.toml:3:1]
     3 │ KEY = { from_env = 'KEY' }
       · ───
       ╰────
    ");
}

#[test]
fn a_thousand_hosts_share_their_settings() {
    let inventory = inventory("\"web[0001:1000]\"");
    assert_eq!(inventory.hosts.len(), 1000);
    let shared = |host: &windlass_model::inventory::Host| {
        std::sync::Arc::ptr_eq(&host.settings, &inventory.settings)
    };
    assert!(inventory.hosts.iter().all(shared));
    assert_eq!(inventory.hosts[999].target.name.as_str(), "web1000");
}

proptest! {
    #[test]
    fn names_are_unique_and_every_role_has_its_one_primary(
        hosts in proptest::collection::vec(("[ab][12]?", proptest::option::of(22u16..25), "app|web|db"), 1..8)
    ) {
        let entry = |(name, port, role): &(String, Option<u16>, String)| {
            let port = port.map_or(String::new(), |port| format!(":{port}"));
            format!("{{ address = \"{name}{port}\", roles = [\"{role}\"] }}")
        };
        let entries: Vec<_> = hosts.iter().map(entry).collect();
        match build(&stage(&entries.join(",\n")), &Filter::default()) {
            Ok(inventory) => {
                let mut names: Vec<_> = inventory.hosts.iter().map(|host| &host.target.name).collect();
                prop_assert_eq!(names.len(), hosts.len());
                names.sort();
                names.dedup();
                prop_assert_eq!(names.len(), hosts.len());
                for (role, primary) in &inventory.primaries {
                    let bearing: Vec<_> = inventory.hosts.iter().filter(|host| host.target.primary.contains(role)).collect();
                    prop_assert_eq!(bearing.len(), 1);
                    prop_assert_eq!(&bearing[0].target.name, primary);
                }
            }
            Err(error) => prop_assert!(matches!(error, Error::Duplicate { .. }), "{}", error),
        }
    }

    #[test]
    fn no_filter_panics(value in "\\PC{0,20}") {
        let stage = stage(FLEET);
        let value = [value.as_str()];
        drop(build(&stage, &filter(&value, &[], &[])));
        drop(build(&stage, &filter(&[], &value, &value)));
    }
}

#[test]
fn the_place_of_a_host_that_is_left_out_goes_to_the_next_of_its_kind() {
    let mut inventory = inventory(
        r#"
  { address = "db0", roles = ["db"], release = false },
  { address = "web1", roles = ["app", "db"], primary = ["db"], optional = true },
  { address = "web2", roles = ["app", "db"] },
"#,
    );
    let optional: Vec<_> = inventory.hosts.iter().map(|host| host.optional).collect();
    assert_eq!(optional, [false, true, false]);
    inventory.leave_out(&HostName::new("web1"), "connection refused".to_owned());
    assert_eq!(names(&inventory), "db0 web2");
    // Not the first of the role: on that one no releases are made, so what runs in a release cannot run there.
    let primary = |role: &str| {
        inventory
            .primary(role)
            .map(|host| host.target.name.as_str())
    };
    assert_eq!(
        (primary("db"), primary("app")),
        (Some("web2"), Some("web2"))
    );
    assert_eq!(inventory.hosts[1].target.primary.len(), 2);
    inventory.leave_out(&HostName::new("web2"), "connection refused".to_owned());
    let moved = &inventory.left_out[1].primary_of;
    assert!(moved.iter().all(|(_, next)| next.is_none()), "{moved:?}");
}
