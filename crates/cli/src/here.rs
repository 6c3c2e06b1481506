//! What this machine itself must have for a run, told before any host is asked.

use crate::context::Context;
use crate::error::Failure;
use crate::world::World;
use windlass_model::ExitCode;
use windlass_model::health::HealthCheck;

impl Context {
    /// Whether this machine can ask what health checks want of it. It would show only when the release is live.
    pub(crate) fn can_ask(&self, world: &World) -> Result<(), Failure> {
        let mut checks = self.inventory.settings.health.iter();
        let asked_here = checks.find(|check| check.is_asked_here() && self.concerns(check));
        let Some(check) = asked_here.filter(|_| !world.has_program("curl")) else {
            return Ok(());
        };
        let text = format!(
            "curl is not installed on this machine, which health check `{}` is to be asked from",
            check.name
        );
        let mut failure = Failure::new(ExitCode::Failed, text);
        failure.unchanged = true;
        Err(failure.hint("install curl here, or let the hosts ask: from = \"host\""))
    }

    fn concerns(&self, check: &HealthCheck) -> bool {
        let mut hosts = self.inventory.hosts.iter();
        hosts.any(|host| check.is_for(&host.target))
    }
}

impl World {
    /// Whether PATH has a program of this name.
    fn has_program(&self, name: &str) -> bool {
        let path = self.env.get("PATH").map(String::as_str);
        let mut dirs = std::env::split_paths(path.unwrap_or_default());
        dirs.any(|dir| dir.join(name).is_file())
    }
}
