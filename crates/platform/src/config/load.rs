//! Reads all settings and, when some are bad, says so of every one of them at once.

use clap::error::ErrorKind;
use clap::{Args, Command, Parser};
use secrecy::{ExposeSecret, SecretString};
use std::ffi::OsString;

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
    let malformed: Vec<Malformed> = S::command().get_arguments().filter_map(|arg| malformed(arg.clone())).collect();
    if malformed.is_empty() {
        let settings = S::parse();
        let problems = settings.problems();
        return if problems.is_empty() { settings } else { give_up(&problems) };
    }
    // With defaults in place of what can't be read, the rest can still be judged.
    let defaults = malformed.iter().filter_map(|malformed| malformed.default.clone());
    let rest = S::try_parse_from(std::env::args_os().chain(defaults));
    let problems = malformed.iter().map(|malformed| malformed.problem.clone());
    give_up(&problems.chain(rest.map(|rest| rest.problems()).unwrap_or_default()).collect::<Vec<_>>())
}

/// A variable that can't be read, and the argument that puts its default in its place, if it has one.
struct Malformed {
    problem: String,
    default: Option<OsString>,
}

/// Parses one variable alone: all together, clap would stop at the first bad one.
fn malformed(arg: clap::Arg) -> Option<Malformed> {
    let name = arg.get_env()?.to_string_lossy().into_owned();
    let long = format!("--{}", arg.get_long()?);
    let given = std::env::args_os().any(|word| word.to_string_lossy().starts_with(&long));
    let secret = arg.is_hide_env_values_set();
    let default = arg.get_default_values().first().map(|value| format!("{long}={}", value.to_string_lossy()).into());
    let error = Command::new("settings").no_binary_name(true).arg(arg).try_get_matches_from([""; 0]).err()?;
    let problem = match error.kind() {
        ErrorKind::MissingRequiredArgument if given => return None,
        ErrorKind::MissingRequiredArgument => format!("{name} must be set"),
        _ if secret => format!("{name} is malformed"),
        _ => format!("{name}: {}", error.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ")),
    };
    Some(Malformed { problem, default })
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
