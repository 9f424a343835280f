//! One source tree with its backend installed: hooks can be called.

use crate::backend::Backend;
use crate::builder::Builder;
use crate::hook::{Answer, Hook, Setting, call};
use crate::log::Log;
use crate::problems::Failure;
use crate::{Chain, Error};
use pybun_model::bounded_requirement;
use pybun_python::{Environment, make_environment};
use serde_json::Value;
use std::path::Path;

pub(crate) struct Session<'a> {
    builder: &'a Builder<'a>,
    what: &'a str,
    tree: &'a Path,
    scratch: &'a Path,
    backend: Backend,
    environment: Environment,
    chain: Chain,
    log: Log,
}

/// What a hook made, or that the backend does not have it.
pub(crate) enum Outcome {
    Value(Value),
    Missing,
}

impl<'a> Session<'a> {
    /// Makes the isolated environment and installs the build requirements, with those that `hook` names (PEP 517).
    pub async fn open(
        builder: &'a Builder<'a>,
        what: &'a str,
        tree: &'a Path,
        scratch: &'a Path,
        hook: Hook,
    ) -> Result<Self, Error> {
        let backend = Backend::of(tree, what)?;
        let chain = builder.chain.with(what)?;
        let environment = make_environment(&scratch.join("venv"), builder.interpreter)?;
        let log = Log::create(builder.cache_dir, what)?;
        let mut session = Self { builder, what, tree, scratch, backend, environment, chain, log };
        session.provision().await?;
        if let Outcome::Value(value) = session.hook(hook, None).await? {
            session.require_more(hook, &value).await?;
        }
        Ok(session)
    }

    /// Calls a hook; `directory` is where it puts what it makes.
    pub async fn hook(&self, hook: Hook, directory: Option<&Path>) -> Result<Outcome, Error> {
        let setting = Setting {
            python: &self.environment.python,
            scripts: &self.environment.scripts,
            environment_root: &self.environment.root,
            tree: self.tree,
            scratch: self.scratch,
            variables: self.builder.variables,
            config_settings: self.builder.config_settings,
        };
        let answer = call(hook, &self.backend, directory, &setting, &self.log).await;
        match answer.map_err(Error::io("run the build backend in", self.scratch))? {
            Answer::Done { value } => Ok(Outcome::Value(value)),
            Answer::Missing => Ok(Outcome::Missing),
            Answer::NoBackend { message } => Err(self.bad_backend(message)),
            Answer::Failed { message } | Answer::Unsupported { message } => Err(self.failed(hook, message)),
        }
    }

    pub fn no_editable(&self) -> Error {
        Error::NoEditable { what: self.what.to_owned(), backend: self.backend.spec.clone() }
    }

    /// All went well: nobody needs the log.
    pub fn close(self) {
        self.log.remove();
    }

    async fn provision(&self) -> Result<(), Error> {
        if self.backend.requires.is_empty() {
            return Ok(());
        }
        let provided = self.builder.provision.provision(&self.backend.requires, &self.environment, &self.chain).await;
        provided.map_err(|problem| match problem.code {
            // The whole chain is in it already.
            "build/cycle" | "build/failed" | "build/requirements" => Error::Inner(Box::new(problem)),
            _ => Error::Provision { what: self.what.to_owned(), problem: Box::new(problem) },
        })
    }

    async fn require_more(&mut self, hook: Hook, value: &Value) -> Result<(), Error> {
        let bad = || Error::BadAnswer { what: self.what.to_owned(), hook: hook.name(), why: format!("{value}") };
        let mut more = false;
        for text in value.as_array().ok_or_else(bad)? {
            let text = text.as_str().ok_or_else(bad)?;
            let requirement = bounded_requirement(text).map_err(|why| Error::Requirement {
                what: self.what.to_owned(),
                requirement: text.chars().take(200).collect(),
                why,
            })?;
            if !self.backend.requires.contains(&requirement) {
                self.backend.requires.push(requirement);
                more = true;
            }
        }
        if more { self.provision().await } else { Ok(()) }
    }

    fn failed(&self, hook: Hook, why: String) -> Error {
        Error::Failed(Box::new(Failure {
            what: self.what.to_owned(),
            hook: hook.name(),
            why: why.chars().take(1000).collect(),
            log: self.log.path.clone(),
            tail: self.log.last_lines(),
            python: self.builder.interpreter.version.to_string(),
        }))
    }

    fn bad_backend(&self, why: String) -> Error {
        let (what, backend) = (self.what.to_owned(), self.backend.spec.clone());
        Error::Backend { what, backend, why: why.chars().take(1000).collect(), log: self.log.path.clone() }
    }
}
