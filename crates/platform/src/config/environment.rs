//! The kind of installation, and what production refuses.

use clap::{ArgAction, Args, ValueEnum};

/// The kind of installation. Production refuses settings that are only suitable for development.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Environment {
    Development,
    Production,
}

#[derive(Debug, Clone, Args)]
pub struct EnvironmentArgs {
    #[arg(long, env, default_value = "development", value_enum)]
    pub orderflow_env: Environment,
}

impl EnvironmentArgs {
    /// The problems that count in production only.
    pub fn in_production(&self, problems: &[Vec<String>]) -> Vec<String> {
        match self.orderflow_env {
            Environment::Development => Vec::new(),
            Environment::Production => problems.concat(),
        }
    }
}

/// Whether this installation may use providers that only pretend.
#[derive(Debug, Clone, Args)]
pub struct ProviderArgs {
    /// Whether production may use simulated providers, which charge nobody and ship nothing.
    #[arg(long, env, default_value_t = false, action = ArgAction::Set)]
    pub allow_simulated_providers: bool,
}

impl ProviderArgs {
    /// The problem with a chosen provider, for production.
    pub fn problems(&self, variable: &str, provider: &str, is_real: bool) -> Vec<String> {
        let refused = !is_real && !self.allow_simulated_providers;
        let problem = || {
            format!(
                "{variable} is {provider}, which is simulated: production needs ALLOW_SIMULATED_PROVIDERS=true for it"
            )
        };
        refused.then(problem).into_iter().collect()
    }
}
