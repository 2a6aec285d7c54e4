//! Payment gateways and carriers are chosen in one place: code outside of a provider's folder does not know it.

use super::sources::{Source, rust};

/// The folders of the simulated providers.
const FOLDERS: &[&str] = &[
    "crates/payments/src/gateway/simulated/",
    "crates/shipping/src/carriers/manual/",
    "crates/shipping/src/carriers/simulated/",
];

/// Their names.
const NAMES: &[&str] = &["simulated", "manual"];

/// Words that contain a name and mean something else: a status of refunds.
const OTHER_WORDS: &[&str] = &["manual_review", "manualreview"];

/// Every other file whose code names one of them, with the reason.
const KNOWN: &[(&str, &str)] = &[
    ("crates/api/src/routes/admin/ledger/entry.rs", "an example in the description of the API"),
    ("crates/api/src/routes/admin/ledger/summary.rs", "an example in the description of the API"),
    ("crates/api/src/routes/admin/settlements.rs", "an example in the description of the API"),
    ("crates/api/src/routes/orders/order.rs", "an example in the description of the API"),
    ("crates/api/src/routes/orders/payments.rs", "an example in the description of the API"),
    ("crates/api/src/routes/shipments/shipment.rs", "an example in the description of the API"),
    ("crates/domain/src/messages/golden_values.rs", "an example of a message"),
    ("crates/operations/src/store/mod.rs", "the checks of its ledger"),
    ("crates/operations/src/store/simulated_gateway.rs", "the checks of its ledger"),
    ("crates/operations/src/verify/checks.rs", "the checks of its ledger"),
    ("crates/payments/src/gateway/mod.rs", "its module"),
    ("crates/payments/src/gateway/registry.rs", "its registration"),
    ("crates/platform/src/config/environment.rs", "the setting that allows them in production"),
    ("crates/shipping/src/carriers/mod.rs", "its module"),
    ("crates/shipping/src/carriers/registry.rs", "its registration"),
];

#[test]
fn a_provider_is_known_to_its_folder_and_its_registration_only() {
    let product = rust().into_iter().filter(|source| source.path.starts_with("crates/") && !source.is_test());
    let others = product.filter(|source| !FOLDERS.iter().any(|folder| source.path.starts_with(folder)));
    let naming: Vec<_> = others.filter(names_a_provider).map(|source| source.path).collect();
    let known: Vec<_> = KNOWN.iter().map(|(path, _why)| *path).collect();
    assert_eq!(naming, known);
}

fn names_a_provider(source: &Source) -> bool {
    let code = source.without_inline_tests().lines().filter(|line| !line.trim_start().starts_with("//"));
    let without = |line: String| OTHER_WORDS.iter().fold(line, |line, word| line.replace(word, ""));
    code.map(str::to_lowercase).map(without).any(|line| NAMES.iter().any(|name| line.contains(name)))
}
