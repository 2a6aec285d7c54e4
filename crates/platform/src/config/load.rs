//! Reads all settings, and reports all invalid ones at once.

use super::secret_files::{WithSecretFiles, variable, with_secret_files};
use clap::error::ErrorKind;
use clap::{Command, Parser};
use secrecy::{ExposeSecret, SecretString};
use std::ffi::OsString;

/// The settings of a process.
pub trait Settings: Parser {
    /// The problems with values that are well-formed one by one. Must name variables, and never their values.
    fn problems(&self) -> Vec<String>;
}

/// Settings with another name than in an earlier version. Their old names are refused, because a setting that is
/// silently ignored is worse than a process that does not start.
const RENAMED: &[(&str, &str)] = &[("SAGA_PACE_PERCENT", "SAGA_TIME_SCALE_PERCENT")];

/// Returns the settings, or exits with code 2 after printing all problems to standard error.
pub fn load<S: Settings>() -> S {
    let known = with_secret_files(S::command());
    match parse(&known.command, []) {
        Ok(settings) => {
            let problems = all_of_valid(&known, &settings);
            if problems.is_empty() { settings } else { exit_with(&problems) }
        }
        // Help and version are printed even if settings are invalid.
        Err(error) if !error.use_stderr() => error.exit(),
        Err(error) => {
            let problems = all_of_malformed::<S>(&known);
            if problems.is_empty() { error.exit() } else { exit_with(&problems) }
        }
    }
}

/// Returns the command line of a tool with subcommands, or exits with code 2. Only the secrets of the chosen subcommand
/// must be readable.
pub fn parse_command<P: Parser>() -> P {
    let known = with_secret_files(P::command());
    let matches = known.command.clone().get_matches();
    let problems = known.problems_in_use(&matches);
    if !problems.is_empty() {
        exit_with(&problems);
    }
    P::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// Parses the command line with further arguments at its end.
fn parse<S: Parser>(command: &Command, more: impl IntoIterator<Item = OsString>) -> Result<S, clap::Error> {
    let matches = command.clone().try_get_matches_from(std::env::args_os().chain(more))?;
    S::from_arg_matches(&matches)
}

/// The problems of settings that are well-formed one by one.
fn all_of_valid<S: Settings>(known: &WithSecretFiles, settings: &S) -> Vec<String> {
    let of_files = || known.problems.values().cloned();
    // A secret whose file has a problem has a placeholder as its value.
    let is_new = |problem: &String| !known.problems.keys().any(|name| is_about(problem, name));
    renamed().into_iter().chain(of_files()).chain(settings.problems().into_iter().filter(is_new)).collect()
}

/// The problems of each variable alone, and those of all variables together, with valid placeholders for the malformed
/// ones.
fn all_of_malformed<S: Settings>(known: &WithSecretFiles) -> Vec<String> {
    let malformed: Vec<Malformed> = known.command.get_arguments().filter_map(|arg| malformed(arg.clone())).collect();
    let placeholders = malformed.iter().filter_map(|malformed| malformed.placeholder.clone());
    let rest = parse::<S>(&known.command, placeholders).map(|rest| all_of_valid(known, &rest));
    let rest = rest.unwrap_or_else(|_unknown| known.problems.values().cloned().chain(renamed()).collect());
    let is_new = |problem: &String| !malformed.iter().any(|malformed| is_about(problem, &malformed.name));
    let rest = rest.into_iter().filter(is_new);
    malformed.iter().map(|malformed| malformed.problem.clone()).chain(rest).collect()
}

/// Whether a problem begins with the name of this variable.
fn is_about(problem: &str, name: &str) -> bool {
    problem.split([' ', ':']).next() == Some(name)
}

fn renamed() -> Vec<String> {
    let is_set = |(old, _): &&(&str, &str)| std::env::var_os(old).is_some();
    RENAMED.iter().filter(is_set).map(|(old, new)| format!("{old} is called {new} now")).collect()
}

/// A variable that is missing or can't be parsed, and the argument that replaces it with a valid placeholder.
struct Malformed {
    name: String,
    problem: String,
    placeholder: Option<OsString>,
}

/// Parses one variable alone: parsing all together, clap would stop at the first invalid one.
fn malformed(arg: clap::Arg) -> Option<Malformed> {
    let name = variable(&arg)?;
    let long = format!("--{}", arg.get_long()?);
    let given = std::env::args_os().any(|word| word.to_string_lossy().starts_with(&long));
    let secret = arg.is_hide_env_values_set();
    // A required variable has no default: any text allows the others to be checked.
    let default = arg.get_default_values().first().map_or("missing".into(), |value| value.to_string_lossy());
    let placeholder = (!given).then(|| format!("{long}={default}").into());
    let error = Command::new("settings").no_binary_name(true).arg(arg).try_get_matches_from([""; 0]).err()?;
    let problem = match error.kind() {
        ErrorKind::MissingRequiredArgument if given => return None,
        ErrorKind::MissingRequiredArgument => format!("{name} must be set"),
        _ if secret => format!("{name} is malformed"),
        _ => format!("{name}: {}", error.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ")),
    };
    Some(Malformed { name, problem, placeholder })
}

fn exit_with(problems: &[String]) -> ! {
    eprintln!("invalid settings:");
    for problem in problems {
        eprintln!("  {problem}");
    }
    std::process::exit(2);
}

/// The problem with a URL, without the URL itself: it may contain a password.
pub(super) fn url_problem(variable: &str, url: &SecretString, schemes: &[&str]) -> Option<String> {
    let (scheme, rest) = url.expose_secret().split_once("://").unwrap_or_default();
    let good = schemes.contains(&scheme) && !rest.is_empty();
    (!good).then(|| format!("{variable} must begin with {}://", schemes[0]))
}
