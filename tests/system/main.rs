//! The promises of the whole system, each kept or broken here. One binary; the tests run one after the other.

mod batch_engine;
mod books;
mod broker_faults;
mod broker_users;
mod cancel;
mod command_line;
mod dead_letters;
mod docs_page;
mod failed_jobs;
mod front_page;
mod gauntlet;
mod happy_path;
mod house_rules;
mod kills;
mod late_answers;
mod late_shipments;
mod locked_rows;
mod observability;
mod payment_faults;
mod poison;
mod refusals;
mod repetition;
mod service_faults;
mod split;
mod stock_race;
mod twins;
