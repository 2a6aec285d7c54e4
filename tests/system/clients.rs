//! The clients of `scripts/clients`: the one that is generated from the OpenAPI document, and the Bruno collection.
//! `scripts/clients/install.sh` installs their packages.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use system_tests::{SeedProduct, TestSystem, client};
use tokio::process::Command;
use tokio::time::timeout;

/// How long a program may run: many times as long as each of them needs.
const LIMIT: Duration = Duration::from_mins(2);
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

#[tokio::test]
async fn the_generated_typescript_client_compiles_and_places_an_order() {
    let system = TestSystem::of("typescript_client").product(SeedProduct::of("SKU-HEADPHONES", 5)).start().await;
    let (source, directory) = (Path::new(ROOT).join("scripts/clients/typescript"), installed("typescript"));
    for file in ["place-order.ts", "tsconfig.json"] {
        std::fs::copy(source.join(file), directory.join(file)).expect("copied");
    }
    let document = Path::new(ROOT).join("crates/api/openapi.json");
    let node = |program: &str| node(&directory, &directory.join(program));

    let mut generate = node("node_modules/openapi-typescript/bin/cli.js");
    output_of(generate.arg(document).args(["--output", "schema.d.ts"])).await;
    output_of(&mut node("node_modules/typescript/bin/tsc")).await;
    let output = output_of(node("build/place-order.js").env("ORDERFLOW_URL", system.api_url())).await;

    assert!(output.contains(" USD"), "{output}");
    let [generated, committed] =
        [&directory, &source].map(|place| std::fs::read(place.join("schema.d.ts")).expect("read"));
    assert!(generated == committed, "copy {}/schema.d.ts to scripts/clients/typescript", directory.display());
    system.finish().await;
}

#[tokio::test]
async fn the_bruno_collection_runs_from_top_to_bottom() {
    let system = TestSystem::of("bruno").product(SeedProduct::of("SKU-HEADPHONES", 5)).start().await;
    system.client().signed_up("bruno").await;
    let collection = Path::new(ROOT).join("scripts/clients/bruno");
    let variables = [
        format!("url={}", system.api_url()),
        "email=bruno@example.com".to_owned(),
        format!("password={}", client::PASSWORD),
    ];

    let mut run = node(&collection, &installed("bruno").join("node_modules/@usebruno/cli/bin/bru.js"));
    run.args(["run", "--env", "local"]).args(variables.iter().flat_map(|variable| ["--env-var", variable]));
    let output = output_of(&mut run).await;

    assert!(output.contains("(6 Passed)"), "{output}");
    system.finish().await;
}

/// Where `scripts/clients/install.sh` has installed the packages of a client.
fn installed(client: &str) -> PathBuf {
    let directory = Path::new(ROOT).join(".local/clients").join(client);
    assert!(directory.join("installed.json").exists(), "run scripts/clients/install.sh");
    directory
}

fn node(directory: &Path, program: &Path) -> Command {
    let mut command = Command::new(Path::new(ROOT).join(".local/clients/bin/node"));
    command.arg(program).current_dir(directory).env("NO_COLOR", "1").kill_on_drop(true);
    command
}

/// What the program prints; it must succeed.
async fn output_of(command: &mut Command) -> String {
    let output = timeout(LIMIT, command.output()).await.expect("the program ends in time").expect("Node.js starts");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    let arguments: Vec<_> = command.as_std().get_args().map(OsStr::to_string_lossy).collect();
    assert!(output.status.success(), "{arguments:?}: {text}");
    text
}
