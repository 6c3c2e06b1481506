//! What hosts are asked, side by side: facts, scripts, files, jobs.

use super::Fleet;
use crate::error::{Failure, OrFail as _};
use std::collections::{BTreeMap, BTreeSet};
use tokio::task::JoinSet;
use windlass_facts::{Ask, HostFacts, Logout};
use windlass_job::{Answer, Host, JobInfo, Place};
use windlass_model::{ExitCode, HostName, Plan};
use windlass_reporter::visible_text;

/// What is asked of a host.
struct Question {
    script: String,
    /// Whether the forwarded ssh-agent may be used for it.
    agent: bool,
}

impl Question {
    /// Where the host is to ask the repository, it needs what a fetch needs.
    fn of(ask: &Ask) -> Self {
        Self {
            script: windlass_facts::script(ask),
            agent: ask.remote.is_some(),
        }
    }

    async fn put_to(&self, host: &Host) -> Result<Answer, windlass_job::Error> {
        if self.agent {
            host.ask_with_agent(&self.script).await
        } else {
            host.ask(&self.script).await
        }
    }
}

impl Fleet {
    /// Asks the facts of all hosts side by side.
    pub(crate) async fn facts(
        &self,
        asks: Vec<(HostName, Ask)>,
    ) -> Result<BTreeMap<HostName, HostFacts>, Failure> {
        let scripts = asks
            .into_iter()
            .map(|(name, ask)| (name, Question::of(&ask)))
            .collect();
        let mut facts = BTreeMap::new();
        for (name, answer) in self.ask(scripts).await {
            let answer = answer.map_err(|reason| {
                let reason = heard(reason.as_bytes());
                Failure::new(ExitCode::Unreachable, format!("{name}: {reason}"))
            })?;
            let read = windlass_facts::read(&answer.stdout)
                .map_err(|error| senseless(&name, &error, &answer.stderr))?;
            if let (Logout::UserManager, Some(host)) = (read.logout, self.hosts.get(&name)) {
                host.start_through_user_manager();
            }
            facts.insert(name, read);
        }
        Ok(facts)
    }

    /// Sends scripts that answer nothing; gives the hosts on which they did not work, each with the reason.
    pub(crate) async fn tell(&self, scripts: Vec<(HostName, String)>) -> Vec<(HostName, String)> {
        let mut failed = Vec::new();
        let plain = |(name, script)| {
            let agent = false;
            (name, Question { script, agent })
        };
        let questions = scripts.into_iter().map(plain).collect();
        for (name, answer) in self.ask(questions).await {
            match answer {
                Ok(answer) if answer.status.success() => {}
                Ok(answer) => failed.push((name, heard(&answer.stderr))),
                Err(reason) => failed.push((name, heard(reason.as_bytes()))),
            }
        }
        failed
    }

    /// What a file on a host holds.
    pub(crate) async fn read(&self, host: &HostName, path: &str) -> Result<Vec<u8>, String> {
        let script = format!("cat {}", windlass_model::shell::quote(path));
        self.answer(host, script).await
    }

    /// What one host answers to a script that works there.
    pub(crate) async fn answer(&self, name: &HostName, script: String) -> Result<Vec<u8>, String> {
        let answer = self
            .answers(vec![(name.clone(), script)])
            .await
            .remove(name);
        answer.unwrap_or_else(|| Err("it gave no answer".to_owned()))
    }

    /// What hosts answer side by side to scripts that work there, each with the reason where one did not.
    pub(crate) async fn answers(
        &self,
        scripts: Vec<(HostName, String)>,
    ) -> BTreeMap<HostName, Result<Vec<u8>, String>> {
        let plain = |(name, script)| {
            let agent = false;
            (name, Question { script, agent })
        };
        let questions = scripts.into_iter().map(plain).collect();
        let answers = self.ask(questions).await.into_iter();
        answers
            .map(|(name, answer)| (name, answer.and_then(worked)))
            .collect()
    }

    /// The jobs of a deploy on its hosts that were reached, asked side by side. Hosts that share a root have the same ones.
    pub(crate) async fn jobs_of(&self, plan: &Plan) -> Result<Vec<JobInfo>, Failure> {
        let mut set = JoinSet::new();
        for known in &plan.hosts {
            let Some(host) = self.hosts.get(&known.target.name).cloned() else {
                continue;
            };
            let place = Place::Deploy {
                root: known.root.clone(),
                deploy: plan.deploy.clone(),
                boot_id: known.boot_id.clone(),
                root_id: known.root_id.clone(),
                fence: known.fence,
            };
            set.spawn(async move { host.jobs(&place).await });
        }
        let mut jobs = Vec::new();
        while let Some(joined) = set.join_next().await {
            let found = joined.or_fail(ExitCode::Internal)?;
            jobs.extend(found.or_fail(ExitCode::Unreachable)?);
        }
        let mut seen = BTreeSet::new();
        jobs.retain(|job| seen.insert(job.key.to_string()));
        Ok(jobs)
    }

    /// Asks hosts side by side; the answers come in the order of the names.
    async fn ask(
        &self,
        questions: Vec<(HostName, Question)>,
    ) -> BTreeMap<HostName, Result<Answer, String>> {
        let mut set = JoinSet::new();
        let mut answers = BTreeMap::new();
        for (name, question) in questions {
            match self.hosts.get(&name).cloned() {
                Some(host) => {
                    set.spawn(async move {
                        let answer = question.put_to(&host).await;
                        (name, answer.map_err(|error| error.to_string()))
                    });
                }
                None => {
                    answers.insert(name, Err("not reached".to_owned()));
                }
            }
        }
        while let Some(joined) = set.join_next().await {
            match joined {
                Ok((name, answer)) => {
                    answers.insert(name, answer);
                }
                // A panic in a question ends that question only; its host is missing among the answers.
                Err(error) => {
                    crate::screen::say(&format!("a question to a host broke off: {error}"));
                }
            }
        }
        answers
    }
}

/// What a script that worked wrote.
fn worked(answer: Answer) -> Result<Vec<u8>, String> {
    if answer.status.success() {
        return Ok(answer.stdout);
    }
    Err(heard(&answer.stderr))
}

/// An answer that makes no sense, with what the host said beside it: a login profile that prints, most often.
fn senseless(name: &HostName, error: &windlass_facts::Error, stderr: &[u8]) -> Failure {
    let mut failure = Failure::from_error(ExitCode::Failed, error);
    failure.text = format!("{name}: {}", heard(failure.text.as_bytes()));
    let said = heard(stderr);
    if !said.is_empty() {
        failure.text.extend(["\n  it said: ", said.as_str()]);
    }
    failure
}

/// Words of a host, which must not move the cursor of whoever reads them.
pub(super) fn heard(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<String> = text.trim().lines().map(visible_text).collect();
    lines.join("\n")
}
