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
    match S::try_parse() {
        Ok(settings) => {
            let problems = settings.problems();
            if problems.is_empty() { settings } else { give_up(&problems) }
        }
        // Help and version are answered whatever the settings are.
        Err(error) if !error.use_stderr() => error.exit(),
        Err(error) => {
            let problems = all_problems::<S>();
            if problems.is_empty() { error.exit() } else { give_up(&problems) }
        }
    }
}

/// What is wrong with each variable alone and, with something legal in the place of those, with all together.
fn all_problems<S: Settings>() -> Vec<String> {
    let malformed: Vec<Malformed> = S::command().get_arguments().filter_map(|arg| malformed(arg.clone())).collect();
    let stand_ins = malformed.iter().filter_map(|malformed| malformed.stand_in.clone());
    let rest = S::try_parse_from(std::env::args_os().chain(stand_ins)).map(|rest| rest.problems());
    let is_new = |problem: &String| !malformed.iter().any(|malformed| malformed.is_named_by(problem));
    let rest = rest.unwrap_or_default().into_iter().filter(is_new);
    malformed.iter().map(|malformed| malformed.problem.clone()).chain(rest).collect()
}

/// A variable that is missing or can't be read, and the argument that puts something legal in its place.
struct Malformed {
    name: String,
    problem: String,
    stand_in: Option<OsString>,
}

impl Malformed {
    fn is_named_by(&self, problem: &str) -> bool {
        problem.split([' ', ':']).next() == Some(&self.name)
    }
}

/// Parses one variable alone: all together, clap would stop at the first bad one.
fn malformed(arg: clap::Arg) -> Option<Malformed> {
    let name = arg.get_env()?.to_string_lossy().into_owned();
    let long = format!("--{}", arg.get_long()?);
    let given = std::env::args_os().any(|word| word.to_string_lossy().starts_with(&long));
    let secret = arg.is_hide_env_values_set();
    // What is required and missing has no default: any text lets the others be judged.
    let default = arg.get_default_values().first().map_or("missing".into(), |value| value.to_string_lossy());
    let stand_in = (!given).then(|| format!("{long}={default}").into());
    let error = Command::new("settings").no_binary_name(true).arg(arg).try_get_matches_from([""; 0]).err()?;
    let problem = match error.kind() {
        ErrorKind::MissingRequiredArgument if given => return None,
        ErrorKind::MissingRequiredArgument => format!("{name} must be set"),
        _ if secret => format!("{name} is malformed"),
        _ => format!("{name}: {}", error.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ")),
    };
    Some(Malformed { name, problem, stand_in })
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
