//! Words in `[ssh]`: net-ssh's, which Capistrano passes on as `ssh_options`, and those of `ssh_config`.

use crate::meaning::Meaning::{Ours, Reason, Same};
use crate::meaning::{Word, words};

pub(crate) static SSH: &[Word] = words! {
    @ Capistrano
    "user" => Same("");
    "port" => Same("");
    "keys" => Ours("`identities`");
    "forward_agent" => Same("it is off unless set");
    "keepalive" => Ours("`keepalive_interval`; it is on unless set to \"0s\"");
    "keepalive_interval" => Same("with its unit, such as \"15s\"");
    "keepalive_maxcount" => Ours("`keepalive_count`");
    "verify_host_key" => Ours("`host_keys`: \"strict\" or \"accept-new\"");
    "paranoid" => Ours("`host_keys`: \"strict\" or \"accept-new\"");
    "user_known_hosts_file" => Ours("`known_hosts`");
    "global_known_hosts_file" => Ours("`known_hosts`");
    "proxy" => Ours("`jump` or `proxy_command`");
    "timeout" => Ours("`connect_for`");
    "use_agent" => Ours("`agent`");
    "config" => Same("\"none\" where Capistrano had `false`");
    "keycerts" => Ours("`certificates`");
    "auth_methods" => Reason("what the server allows is tried: agent, keys, then a prompt where there is a terminal");
    "passphrase" => Reason("passphrases are not settings; the ssh-agent keeps them, and a prompt asks where there is a terminal");
    "keys_only" => Reason("set `agent = false` to use no other keys than `identities`");
    "compression" => Reason("objects are sent compressed already");
    "encryption" => Reason("safe algorithms are agreed with the server");
    "kex" => Reason("safe algorithms are agreed with the server");
    "hmac" => Reason("safe algorithms are agreed with the server");
    "host_key" => Reason("the kinds of key that known_hosts has for the host are asked for first");
    "key_data" => Reason("a key is a file of `identities` or in the ssh-agent; settings are no place for it");
    "non_interactive" => Reason("nothing is asked where there is no terminal");
    "verbose" => Reason("the log file tells of every connection");
    "send_env" => Reason("`[env]` sets variables, whatever the server accepts");
    @ SshConfig
    "User" => Ours("`user`");
    "Port" => Ours("`port`");
    "IdentityFile" => Ours("`identities`");
    "IdentityAgent" => Ours("`agent`");
    "CertificateFile" => Ours("`certificates`");
    "UserKnownHostsFile" => Ours("`known_hosts`");
    "StrictHostKeyChecking" => Ours("`host_keys`: \"strict\" or \"accept-new\"");
    "ServerAliveInterval" => Ours("`keepalive_interval`");
    "ServerAliveCountMax" => Ours("`keepalive_count`");
    "ConnectTimeout" => Ours("`connect_for`");
    "ProxyJump" => Ours("`jump`");
    "ProxyCommand" => Ours("`proxy_command`");
    "ForwardAgent" => Ours("`forward_agent`");
    "HostName" => Reason("a host's `address` is where the connection goes");
    "ControlMaster" => Reason("there is one connection a host, and no socket files");
};
