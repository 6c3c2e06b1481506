//! The exit codes of Windlass; documented and stable.

/// What the whole run came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitCode {
    /// Done.
    Done,
    /// Failed and undone, or refused by a precondition with nothing changed.
    Failed,
    /// The command line was not understood.
    Usage,
    /// Standard output was closed.
    BrokenPipe,
    /// Nothing to do: no host after filtering.
    NoHost,
    /// An undo failed, or hosts are in doubt; a person is needed.
    Stuck,
    /// Parked or detached; the steps under way go on.
    Parked,
    /// Somebody else holds the deploy lock.
    Locked,
    /// Stopped part way because `on_failure = "stop"`.
    Stopped,
    /// The configuration is wrong.
    Config,
    /// A host could not be reached.
    Unreachable,
    /// A host key was refused.
    HostKey,
    /// Authentication was refused.
    Authentication,
    /// Check or doctor found errors.
    Findings,
    /// A defect of Windlass itself.
    Internal,
    /// The status of the command that `exec` or `run` carried out on one host.
    Command(u8),
}

impl ExitCode {
    /// The number given to the operating system.
    pub fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::BrokenPipe => 3,
            Self::NoHost => 4,
            Self::Stuck => 10,
            Self::Parked => 11,
            Self::Locked => 12,
            Self::Stopped => 13,
            Self::Config => 20,
            Self::Unreachable => 21,
            Self::HostKey => 22,
            Self::Authentication => 23,
            Self::Findings => 30,
            Self::Internal => 70,
            Self::Command(status) => status,
        }
    }
}
