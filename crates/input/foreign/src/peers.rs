//! Settings of Deployer, Mina and Kamal.

use crate::meaning::Meaning::{Ours, Reason};
use crate::meaning::{Word, words};
use crate::settings::{FIXED, NO_WRAPPER};

const MODES: &str = "releases belong to the login; a task of yours can change modes";
const BY_TIME: &str = "releases are named by their time, as Capistrano's are";
const NO_IMAGES: &str = "releases are directories, not images";

pub(crate) static PEERS: &[Word] = words! {
    @ Deployer
    "deploy_path" => Ours("`deploy_to`");
    "shared_files" => Ours("`linked_files`");
    "shared_dirs" => Ours("`linked_dirs`");
    "sub_directory" => Ours("`subtree`");
    "target" => Ours("`branch`");
    "hostname" => Ours("`address` of a host");
    "remote_user" => Ours("`user` of a host or in `[ssh]`");
    "identity_file" => Ours("`identities` in `[ssh]`");
    "config_file" => Ours("`config` in `[ssh]`");
    "labels" => Ours("`roles` of a host");
    "become" => Ours("`sudo = \"USER\"` in the `[[tasks]]` that needs it");
    "default_timeout" => Ours("`timeout` and `idle_timeout` in `[[tasks]]`");
    "git_recursive" => Ours("`submodules`");
    "ssh_arguments" => Ours("the table `[ssh]`");
    "host" => Ours("`hosts` in a stage");
    "use_relative_symlink" => Ours("not a choice: links are absolute, as Capistrano's are");
    "writable_dirs" => Reason(MODES);
    "writable_mode" => Reason(MODES);
    "http_user" => Reason("releases belong to the login; a task of yours can change owners");
    "copy_dirs" => Reason("every release is complete by itself; `linked_dirs` is for what outlives releases");
    "git_tty" => Reason("git never asks on a host");
    "git_cache" => Reason("the repository mirror is always kept");
    "git_ssh_command" => Reason(NO_WRAPPER);
    "ssh_multiplexing" => Reason("there is one connection a host, and no socket files");
    "ssh_type" => Reason("there is one SSH client, built in");
    "allow_anonymous_stats" => Reason("nothing is ever sent anywhere");
    "update_code_strategy" => Reason("`source` says how the code comes to the hosts: \"push\" or \"git\"");
    "release_name" => Reason(BY_TIME);
    "cleanup_use_sudo" => Reason("releases belong to the login");
    @ Mina
    "domain" => Ours("`hosts` in a stage");
    "shared_paths" => Ours("`linked_files` and `linked_dirs`");
    "launch" => Ours("the table `[restart]`");
    "term_mode" => Reason("`pty = true` in `[[tasks]]` gives a command a terminal");
    "execution_mode" => Reason("commands are always jobs that outlive their connection");
    "version_scheme" => Reason(BY_TIME);
    "releases_path" => Reason(FIXED);
    "shared_path" => Reason(FIXED);
    "current_path" => Reason(FIXED);
    @ Kamal
    "service" => Ours("`application`");
    "retain_containers" => Ours("`keep_releases`");
    "image" => Reason(NO_IMAGES);
    "registry" => Reason(NO_IMAGES);
    "builder" => Reason(NO_IMAGES);
};
