//! Integration tests of the API on a real Postgres, without RabbitMQ and without Redis.

#[path = "it/admin.rs"]
mod admin;
#[path = "it/allocation.rs"]
mod allocation;
#[path = "it/api_keys.rs"]
mod api_keys;
#[path = "it/auth.rs"]
mod auth;
#[path = "it/backorders.rs"]
mod backorders;
#[path = "it/bad_orders.rs"]
mod bad_orders;
#[path = "it/cancel_lines.rs"]
mod cancel_lines;
#[path = "it/client.rs"]
mod client;
#[path = "it/cors.rs"]
mod cors;
#[path = "it/customers.rs"]
mod customers;
#[path = "it/docs_page.rs"]
mod docs_page;
#[path = "it/exceptions.rs"]
mod exceptions;
#[path = "it/http.rs"]
mod http;
#[path = "it/ledger.rs"]
mod ledger;
#[path = "it/lost_commit.rs"]
mod lost_commit;
#[path = "it/mini_worker.rs"]
mod mini_worker;
#[path = "it/openapi_contract.rs"]
mod openapi_contract;
#[path = "it/openapi_document.rs"]
mod openapi_document;
#[path = "it/order_details.rs"]
mod order_details;
#[path = "it/order_filters.rs"]
mod order_filters;
#[path = "it/orders.rs"]
mod orders;
#[path = "it/people.rs"]
mod people;
#[path = "it/pools.rs"]
mod pools;
#[path = "it/products.rs"]
mod products;
#[path = "it/rate_limits.rs"]
mod rate_limits;
#[path = "it/refunds.rs"]
mod refunds;
#[path = "it/refused_later.rs"]
mod refused_later;
#[path = "it/repeats.rs"]
mod repeats;
#[path = "it/replays.rs"]
mod replays;
#[path = "it/return_requests.rs"]
mod return_requests;
#[path = "it/returns.rs"]
mod returns;
#[path = "it/roles.rs"]
mod roles;
#[path = "it/sagas.rs"]
mod sagas;
#[path = "it/server.rs"]
mod server;
#[path = "it/shipments.rs"]
mod shipments;
#[path = "it/stock.rs"]
mod stock;
#[path = "it/streams.rs"]
mod streams;
#[path = "it/system.rs"]
mod system;
#[path = "it/texts.rs"]
mod texts;
#[path = "it/tokens.rs"]
mod tokens;
#[path = "it/worker_fixture.rs"]
mod worker_fixture;
