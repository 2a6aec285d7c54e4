//! Reads all settings and, when some are bad, says so of every one of them at once.

use clap::{Args, Command, Parser};
use secrecy::{ExposeSecret, SecretString};

/// What a process is configured by.
pub trait Settings: Parser {
    /// What is wrong with values that are well-formed one by one; names variables, never their values.
    fn problems(&self) -> Vec<String>;
}

/// Where we run. Production refuses what is only fit for trying things out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Environment {
    Development,
    Production,
}

#[derive(Debug, Clone, Args)]
pub struct EnvironmentArgs {
    #[arg(long, env, default_value = "development", value_enum)]
    pub orderflow_env: Environment,
}

/// The settings, or an end of the process with exit code 2 and every problem on standard error.
pub fn load<S: Settings>() -> S {
    let malformed = malformed_variables(&S::command());
    if !malformed.is_empty() {
        give_up(&malformed);
    }
    let settings = S::parse();
    let problems = settings.problems();
    if !problems.is_empty() {
        give_up(&problems);
    }
    settings
}

/// Parses each variable alone: all together, clap would stop at the first bad one.
fn malformed_variables(command: &Command) -> Vec<String> {
    let from_environment = command.get_arguments().filter(|arg| arg.get_env().is_some());
    from_environment.filter_map(|arg| malformed_variable(arg.clone())).collect()
}

fn malformed_variable(arg: clap::Arg) -> Option<String> {
    let name = arg.get_env()?.to_string_lossy().into_owned();
    let given = std::env::args_os()
        .any(|word| word.to_string_lossy().starts_with(&format!("--{}", arg.get_long().unwrap_or("?"))));
    let secret = arg.is_hide_env_values_set();
    let error = Command::new("settings").no_binary_name(true).arg(arg).try_get_matches_from([""; 0]).err()?;
    match error.kind() {
        clap::error::ErrorKind::MissingRequiredArgument if given => None,
        clap::error::ErrorKind::MissingRequiredArgument => Some(format!("{name} must be set")),
        _ if secret => Some(format!("{name} is malformed")),
        _ => Some(format!(
            "{name}: {}",
            error.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ")
        )),
    }
}

fn give_up(problems: &[String]) -> ! {
    eprintln!("bad settings:");
    for problem in problems {
        eprintln!("  {problem}");
    }
    std::process::exit(2);
}

/// What is wrong with a URL, without telling the URL: it may hold a password.
pub(super) fn url_problem(variable: &str, url: &SecretString, schemes: &[&str]) -> Option<String> {
    let (scheme, rest) = url.expose_secret().split_once("://").unwrap_or_default();
    let good = schemes.contains(&scheme) && !rest.is_empty();
    (!good).then(|| format!("{variable} must begin with {}://", schemes[0]))
}
