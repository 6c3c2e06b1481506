//! Logs in without a key: as we are, or by answering the server's questions (keyboard-interactive, then a password).

use russh::MethodKind;
use russh::client::KeyboardInteractiveAuthResponse as Response;

use super::{Login, Lost, Progress, Step};
use crate::options::{Prompt, Prompter};

/// How many rounds of questions are answered; a server that asks more is not getting anywhere.
const ROUNDS: u32 = 10;

impl Login<'_> {
    /// Asks to be let in as we are, where there was no key to offer; a server that refuses says what it would take.
    pub(super) async fn try_nothing(&mut self) -> Step {
        if self.allowed.is_some() {
            return Ok(Progress::Next);
        }
        let result = self.handle.authenticate_none(&self.endpoint.user).await;
        self.take(result)
    }

    /// Asks a person what the server asks, where there is one to ask.
    pub(super) async fn try_questions(&mut self) -> Step {
        let Some(prompter) = self.options.prompter.clone() else {
            return Ok(Progress::Next);
        };
        if self.allows(MethodKind::KeyboardInteractive)
            && self.answer_questions(&prompter).await? == Progress::In
        {
            return Ok(Progress::In);
        }
        // Before the server has said which methods it takes there is no reason to ask for a password.
        let named = self
            .allowed
            .as_ref()
            .is_some_and(|allowed| allowed.contains(&MethodKind::Password));
        if named {
            return self.try_password(&prompter).await;
        }
        Ok(Progress::Next)
    }

    async fn answer_questions(&mut self, prompter: &Prompter) -> Step {
        self.tried.push("keyboard-interactive".to_owned());
        let user = self.endpoint.user.clone();
        let mut response = self
            .handle
            .authenticate_keyboard_interactive_start(user, None)
            .await
            .map_err(|_| Lost)?;
        for _ in 0..ROUNDS {
            let prompts = match response {
                Response::Success => return Ok(Progress::In),
                Response::Failure {
                    remaining_methods, ..
                } => {
                    self.allowed = Some(remaining_methods);
                    return Ok(Progress::Next);
                }
                Response::InfoRequest { prompts, .. } => prompts,
            };
            let mut answers = Vec::new();
            for prompt in prompts {
                answers.push(self.answer(prompter, &prompt.prompt, prompt.echo).await);
            }
            // No answer goes out as an empty one: the protocol knows no other way to stop.
            let given_up = !answers.is_empty() && answers.iter().all(Option::is_none);
            let answers = answers.into_iter().map(Option::unwrap_or_default).collect();
            response = self
                .handle
                .authenticate_keyboard_interactive_respond(answers)
                .await
                .map_err(|_| Lost)?;
            if given_up && matches!(response, Response::InfoRequest { .. }) {
                break;
            }
        }
        Ok(Progress::Next)
    }

    async fn try_password(&mut self, prompter: &Prompter) -> Step {
        let Some(password) = self.answer(prompter, "Password: ", false).await else {
            return Ok(Progress::Next);
        };
        self.tried.push("password".to_owned());
        let user = self.endpoint.user.clone();
        let result = self.handle.authenticate_password(user, password).await;
        self.take(result)
    }

    async fn answer(&self, prompter: &Prompter, text: &str, echo: bool) -> Option<String> {
        let _wait = self.patience.wait();
        let prompt = Prompt::Answer {
            endpoint: self.endpoint.to_string(),
            text: text.to_owned(),
            echo,
        };
        let answer = prompter.turn().await.ask(prompt).await;
        answer.map(|answer| answer.reveal().to_owned())
    }
}
