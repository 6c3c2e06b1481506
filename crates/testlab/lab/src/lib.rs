//! Real sshd, fault-injecting proxy, throw-away hosts and repositories
