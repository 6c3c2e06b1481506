//! Settings, tasks and hosts as the tests want them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use windlass_model::inventory::{Host, Inventory};
use windlass_model::plan::JobLimits;
use windlass_model::rollout::RolloutSettings;
use windlass_model::settings::{
    AgeSettings, HostKeyPolicy, OnTerm, Settings, SourceKind, SshAgent, SshSettings, Task,
};
use windlass_model::technology::{
    BundlerSettings, Migrate, RailsSettings, RubyManager, RubySettings,
};
use windlass_model::{DeployKind, HostName, HostTarget, ReleaseName, TaskName};

pub(crate) fn settings(root: &str) -> Settings {
    Settings {
        application: "shop".to_owned(),
        source: SourceKind::Push,
        repository: None,
        branch: "main".to_owned(),
        subtree: None,
        depth: None,
        submodules: false,
        git_lfs: false,
        repository_host_keys: Vec::new(),
        deploy_to: root.to_owned(),
        shared_deploy_to: false,
        keep_releases: 5,
        linked_files: Vec::new(),
        linked_dirs: Vec::new(),
        recipes: Vec::new(),
        ruby: RubySettings {
            manager: RubyManager::Auto,
            version: None,
            path: None,
        },
        bundler: bundler(),
        rails: rails(),
        path: Vec::new(),
        env: BTreeMap::new(),
        secrets: BTreeMap::new(),
        age: AgeSettings::default(),
        shell: vec!["sh".to_owned(), "-e".to_owned()],
        umask: None,
        restart: BTreeMap::new(),
        health: Vec::new(),
        tasks: Vec::new(),
        rollout: RolloutSettings::default(),
        limits: JobLimits::default(),
        confirm: false,
        on_term: OnTerm::Park,
        ssh: SshSettings {
            user: None,
            port: None,
            config: None,
            identities: Vec::new(),
            certificates: Vec::new(),
            agent: SshAgent::Usual,
            known_hosts: Vec::new(),
            host_keys: HostKeyPolicy::Strict,
            keepalive_interval: None,
            keepalive_count: None,
            connect_for: Duration::from_secs(30),
            reconnect_for: Duration::from_secs(3600),
            forward_agent: false,
            jump: Vec::new(),
            proxy_command: None,
        },
    }
}

fn bundler() -> BundlerSettings {
    BundlerSettings {
        gemfile: None,
        path: "shared/bundle".to_owned(),
        without: vec!["development".to_owned(), "test".to_owned()],
        deployment: true,
        jobs: 4,
        flags: vec!["--quiet".to_owned()],
        check_first: true,
        binstubs: None,
        roles: Vec::new(),
    }
}

fn rails() -> RailsSettings {
    let manifests = [".sprockets-manifest*", "manifest*.*", ".manifest.json"];
    RailsSettings {
        env: "production".to_owned(),
        assets: true,
        assets_prefix: "assets".to_owned(),
        assets_roles: vec!["web".to_owned()],
        assets_groups: Vec::new(),
        keep_assets: None,
        manifests: manifests.map(str::to_owned).to_vec(),
        normalize_assets: Vec::new(),
        migrate: Migrate::Always,
        migration_role: "db".to_owned(),
        migration_command: "db:migrate".to_owned(),
    }
}

pub(crate) fn user_task(name: &str, run: &str, hook: windlass_model::settings::Hook) -> Task {
    Task {
        name: TaskName::new(name),
        run: run.to_owned(),
        roles: Vec::new(),
        hosts: Vec::new(),
        hook: Some(hook),
        undo: None,
        once: false,
        local: false,
        on: vec![DeployKind::Deploy],
        env: BTreeMap::new(),
        dir: None,
        when: None,
        timeout: None,
        idle_timeout: None,
        retries: 0,
        repeatable: false,
        shell: Vec::new(),
        pty: false,
        sudo: None,
    }
}

pub(crate) fn host(name: &str, roles: &[&str], settings: &Arc<Settings>) -> Host {
    Host {
        target: HostTarget {
            name: HostName::new(name),
            address: name.to_owned(),
            port: None,
            user: None,
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            primary: Vec::new(),
            release: true,
            deploy_to: settings.deploy_to.clone(),
        },
        settings: Arc::clone(settings),
        optional: false,
    }
}

pub(crate) fn inventory(settings: &Settings) -> Inventory {
    let settings = Arc::new(settings.clone());
    Inventory {
        stage: "production".to_owned(),
        hosts: vec![host("web1", &["app", "db", "web"], &settings)],
        settings,
        filtered_out: Vec::new(),
        left_out: Vec::new(),
        primaries: ["app", "db", "web"]
            .map(|role| (role.to_owned(), HostName::new("web1")))
            .into_iter()
            .collect(),
    }
}

pub(crate) fn release(name: &str) -> ReleaseName {
    ReleaseName::new(name)
}
