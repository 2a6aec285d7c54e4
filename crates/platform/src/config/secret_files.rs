//! Secrets from files. A secret `NAME` may also be the content of the file that `NAME_FILE` names, as container
//! platforms mount them.

use clap::{Arg, ArgMatches, Command};
use std::collections::BTreeMap;
use std::path::Path;

/// A command whose secrets have the values of their files, and the problems with those files by variable.
pub(super) struct WithSecretFiles {
    pub command: Command,
    pub problems: BTreeMap<String, String>,
}

/// Applies the files to `command` and its subcommands. A secret is an argument whose value the help hides.
pub(super) fn with_secret_files(command: Command) -> WithSecretFiles {
    let mut problems = BTreeMap::new();
    let command = in_all_commands(command, &mut |arg| with_file(arg, &mut problems));
    WithSecretFiles { command, problems }
}

impl WithSecretFiles {
    /// The problems with secrets of the commands that `matches` names: another command's secrets are not needed.
    pub fn problems_in_use(&self, matches: &ArgMatches) -> Vec<String> {
        let (mut command, mut matches, mut problems) = (&self.command, matches, Vec::new());
        loop {
            let names = command.get_arguments().filter_map(variable);
            problems.extend(names.filter_map(|name| self.problems.get(&name).cloned()));
            let Some((name, inner)) = matches.subcommand() else { return problems };
            let Some(subcommand) = command.find_subcommand(name) else { return problems };
            (command, matches) = (subcommand, inner);
        }
    }
}

/// The name of the variable of an argument.
pub(super) fn variable(arg: &Arg) -> Option<String> {
    arg.get_env().map(|name| name.to_string_lossy().into_owned())
}

fn in_all_commands(command: Command, change: &mut dyn FnMut(Arg) -> Arg) -> Command {
    let command = command.mut_args(&mut *change);
    command.mut_subcommands(|subcommand| in_all_commands(subcommand, change))
}

fn with_file(arg: Arg, problems: &mut BTreeMap<String, String>) -> Arg {
    let Some(name) = variable(&arg).filter(|_| arg.is_hide_env_values_set()) else { return arg };
    let file_variable = format!("{name}_FILE");
    let arg = with_help(arg, &file_variable);
    let Some(path) = std::env::var_os(&file_variable).filter(|path| !path.is_empty()) else { return arg };
    let content = if std::env::var_os(&name).is_some() {
        Err(format!("{name} and {file_variable} are both set: set one of them"))
    } else {
        read(Path::new(&path)).map_err(|why| format!("{file_variable} names {}, {why}", path.display()))
    };
    // With a problem, a placeholder lets the other settings be checked.
    let value = content.unwrap_or_else(|problem| {
        problems.insert(name, problem);
        "unreadable".to_owned()
    });
    arg.required(false).default_value(value).hide_default_value(true)
}

fn with_help(arg: Arg, file_variable: &str) -> Arg {
    let text = arg.get_help().map(ToString::to_string).unwrap_or_default();
    arg.help(format!("{text} [or a file: {file_variable}]"))
}

/// The content without its last line break, which editors and `echo` append.
fn read(path: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("which can't be read: {error}"))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() { Err("which is empty".to_owned()) } else { Ok(text.to_owned()) }
}
