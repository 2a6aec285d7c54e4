//! Secrets from files: `NAME_FILE` is the path of a file with the value of `NAME`.

use std::path::PathBuf;
use std::process::{Command, Output};
use system_tests::settings;

/// A directory of this test, empty.
fn directory(name: &str) -> PathBuf {
    let directory = settings::binaries().join("secret-files").join(name);
    drop(std::fs::remove_dir_all(&directory));
    std::fs::create_dir_all(&directory).expect("target/ can be written");
    directory
}

/// Standard error of `orderctl`, which ends because nothing listens on port 1, or because of its settings.
fn errors_of(arguments: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut command = Command::new(settings::binaries().join("orderctl"));
    let command = command.args(arguments).env_clear().envs(environment.iter().copied());
    let Output { status, stderr, .. } = command.output().expect("orderctl is built");
    (status.code(), String::from_utf8_lossy(&stderr).into_owned())
}

#[test]
fn a_secret_is_the_content_of_its_file_without_the_last_line_break() {
    let directory = directory("content");
    for (name, line_break) in [("none", ""), ("unix", "\n"), ("windows", "\r\n")] {
        let file = directory.join(name);
        let path = file.to_str().expect("a path of this test");
        std::fs::write(&file, format!("postgres://shop:8d1f0c@127.0.0.1:1/shop{line_break}")).expect("written");

        let (code, errors) = errors_of(&["user", "list"], &[("DATABASE_URL_FILE", path)]);

        assert_eq!(code, Some(1), "{name}: {errors}");
        assert!(!errors.contains("DATABASE_URL_FILE"), "{name}: {errors}");
    }
}

#[test]
fn a_secret_that_is_set_twice_or_whose_file_has_none_is_named() {
    let directory = directory("problems");
    let (empty, missing) = (directory.join("empty"), directory.join("missing"));
    std::fs::write(&empty, "\n").expect("written");
    let (empty, missing) = (empty.display().to_string(), missing.display().to_string());
    let twice = [("DATABASE_URL", "postgres://shop:8d1f0c@127.0.0.1:1/shop"), ("DATABASE_URL_FILE", &empty)];

    let problems = [
        (&[("DATABASE_URL_FILE", &*missing)][..], format!("DATABASE_URL_FILE names {missing}, which can't be read: ")),
        (&[("DATABASE_URL_FILE", &*empty)], format!("DATABASE_URL_FILE names {empty}, which is empty")),
        (&twice, "DATABASE_URL and DATABASE_URL_FILE are both set".to_owned()),
    ];

    for (environment, expected) in problems {
        let (code, errors) = errors_of(&["migrate"], environment);
        assert_eq!(code, Some(2), "{errors}");
        assert!(errors.contains(&expected) && !errors.contains("8d1f0c"), "{errors}");
    }
}

#[test]
fn the_problems_of_all_files_are_printed_with_those_of_all_other_settings() {
    let environment = [
        ("DATABASE_URL_FILE", "/nowhere/database"),
        ("RABBITMQ_URL_FILE", "/nowhere/rabbitmq"),
        ("SECRET_KEY_FILE", "/nowhere/key"),
        ("API_PORT", "eighty"),
    ];
    let mut command = Command::new(settings::binaries().join("api"));
    let Output { status, stderr, .. } = command.env_clear().envs(environment).output().expect("the api is built");
    let errors = String::from_utf8_lossy(&stderr);

    assert_eq!(status.code(), Some(2), "{errors}");
    for name in
        ["DATABASE_URL_FILE", "RABBITMQ_URL_FILE", "SECRET_KEY_FILE", "API_PORT: invalid", "REDIS_URL must be set"]
    {
        assert_eq!(errors.matches(name).count(), 1, "{name}: {errors}");
    }
    assert_eq!(errors.lines().count(), 6, "{errors}");
}

#[test]
fn a_command_without_the_secret_does_not_need_its_file() {
    let (code, errors) = errors_of(&["probe", "http://127.0.0.1:1"], &[("DATABASE_URL_FILE", "/nowhere")]);

    assert_eq!(code, Some(1), "{errors}");
    assert!(!errors.contains("DATABASE_URL_FILE"), "{errors}");
}
