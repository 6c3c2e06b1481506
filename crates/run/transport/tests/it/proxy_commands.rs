//! A command whose input and output are the connection.

use tokio::time::timeout;
use windlass_lab::Sshd;

use crate::support::{LONG, open, options, text};

#[tokio::test]
async fn what_a_proxy_command_complains_of_does_not_end_the_connection() {
    let sshd = Sshd::start_plain().unwrap();
    let mut options = options(&sshd, sshd.address());
    // More than a pipe holds, so that the command stands still or dies where nobody reads it.
    let command = r#"bash -c 'exec 3<>/dev/tcp/%h/%p
        for line in {1..4000}; do printf "caf\351, again and again and again\n" >&2; done
        cat <&3 & exec cat >&3'"#;
    options.way.proxy_command = Some(command.to_owned());
    let (session, _events) = timeout(LONG, open(options)).await.unwrap().unwrap();
    assert_eq!(text(&session, "echo in").await, "in\n");
}
