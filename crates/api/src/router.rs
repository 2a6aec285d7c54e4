//! All routes, and the layers that each request passes.

use crate::idempotency::SupportedRoutes;
use crate::methods::Methods;
use crate::problem::text::quote;
use crate::problem::{Kind, Problem};
use crate::routes::{
    admin, api_keys, auth, inventory, orders, problems, products, returns, shipments, system, warehouses,
};
use crate::state::AppState;
use crate::{cors, docs, limits, pipeline};
use axum::body::Bytes;
use axum::extract::MatchedPath;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, Uri};
use axum::response::Redirect;
use axum::routing::get;
use axum::{Router, middleware};
use std::sync::Arc;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const BASE: &str = "/api/v1";

/// Serves clients: the business routes and the probes, and by setting the documentation and the operator routes.
pub fn router(state: AppState) -> Router {
    let options = state.options;
    let (complete, description) = build(&state, true);
    let router = if options.serves_operators { complete } else { build(&state, false).0 };
    let router = if options.serves_docs { router.merge(docs_routes(&state, &description)) } else { router };
    in_pipeline(router, state, &description)
}

/// Serves operators on a port of its own: health in detail, processes, metrics, and the probes.
pub fn operators_router(state: AppState) -> Router {
    let system = system_routes(true);
    let all = OpenApiRouter::new().nest(BASE, system.clone()).merge(system).merge(metrics_route());
    let description = documentation(&state);
    in_pipeline(all.split_for_parts().0, state, &description)
}

fn docs_routes(state: &AppState, description: &OpenApi) -> Router<AppState> {
    let description = Bytes::from(description.to_json().expect("an OpenAPI description is JSON"));
    let json = [(CONTENT_TYPE, "application/json")];
    docs::page::routes(state.options.shows_demo_accounts)
        .route("/openapi.json", get(async move || (json, description)))
        .layer(middleware::from_fn_with_state(state.clone(), limits::admit_files))
        .route("/", get(async || Redirect::temporary("/docs/")))
}

/// Adds the stages that every request passes, and the responses to unknown paths and methods.
fn in_pipeline(router: Router<AppState>, state: AppState, description: &OpenApi) -> Router {
    let methods = Arc::new(Methods::of(description));
    let supported = SupportedRoutes::of(description);
    let method_not_allowed =
        move |method: Method, path: Option<MatchedPath>| async move { methods.refuse(&method, path.as_ref()) };
    let serves_docs = state.options.serves_docs;
    let router = router
        .fallback(async move |uri: Uri| no_route(&uri, serves_docs))
        .method_not_allowed_fallback(method_not_allowed);
    let catching_panics = CatchPanicLayer::custom(limits::panic_response);
    let pipeline = middleware::from_fn_with_state((state.clone(), supported), pipeline::handle_request);
    let cors = cors::layer(&state.cors_origins);
    router.layer(ServiceBuilder::new().layer(cors).layer(pipeline).layer(catching_panics)).with_state(state)
}

/// The OpenAPI description of every route.
pub fn documentation(state: &AppState) -> OpenApi {
    build(state, true).1
}

fn build(state: &AppState, has_operators: bool) -> (Router<AppState>, OpenApi) {
    let business = auth_routes().merge(order_routes()).merge(catalogue_routes()).merge(admin_routes());
    let business = business.layer(middleware::from_fn_with_state(state.clone(), limits::admit));
    let streams = stream_routes().layer(middleware::from_fn_with_state(state.clone(), limits::admit_streams));
    let tables = table_routes().layer(middleware::from_fn_with_state(state.clone(), limits::admit_tables));
    let mut business = business.merge(streams).merge(tables);
    let refused = [Kind::NotAcceptable, Kind::TooManyRequests, Kind::Overloaded, Kind::Timeout, Kind::Unavailable];
    docs::add_problems(business.get_openapi_mut(), &refused);
    let outside = OpenApiRouter::new().routes(routes!(problems::explain));
    let outside = if has_operators { outside.merge(metrics_route()) } else { outside };
    let system = system_routes(has_operators);
    let all = OpenApiRouter::with_openapi(docs::Api::openapi());
    let all = all.nest(BASE, business.merge(system.clone())).merge(outside);
    let (router, mut description) = all.split_for_parts();
    docs::add_problems(&mut description, &[Kind::InvalidHost, Kind::UriTooLong, Kind::HeadersTooLarge, Kind::Internal]);
    docs::complete(&mut description);
    // The system routes are also served without the base path, for probes; the description lists them once.
    (router.merge(system.split_for_parts().0), description)
}

fn auth_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(auth::signup::sign_up))
        .routes(routes!(auth::login::log_in))
        .routes(routes!(auth::refresh::refresh))
        .routes(routes!(auth::logout::log_out))
        .routes(routes!(auth::logout_all::log_out_everywhere))
        .routes(routes!(auth::sessions::list_sessions))
        .routes(routes!(auth::end_session::end_session))
        .routes(routes!(auth::password::change_password))
        .routes(routes!(auth::me::me))
        .routes(routes!(api_keys::list::list_keys, api_keys::create::create_key))
        .routes(routes!(api_keys::revoke::revoke_key))
        .routes(routes!(api_keys::rotate::rotate_key))
}

fn order_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(orders::place::place_order, orders::list::list_orders))
        .routes(routes!(orders::find::find_order))
        .routes(routes!(orders::events::order_events))
        .routes(routes!(orders::stream_ticket::issue_stream_ticket))
        .routes(routes!(orders::cancel::cancel_order))
        .routes(routes!(orders::payments::order_payments))
        .routes(routes!(orders::refunds::list::list_refunds, orders::refunds::create::create_refund))
        .routes(routes!(orders::refunds::retry::retry_refund))
        .routes(routes!(orders::refunds::resolve::resolve_refund))
        .routes(routes!(returns::request::request_return))
        .routes(routes!(returns::list::list_returns))
        .routes(routes!(returns::find::find_return))
        .routes(routes!(returns::decide::approve_return))
        .routes(routes!(returns::decide::decline_return))
        .routes(routes!(returns::decide::cancel_return))
        .routes(routes!(returns::receive::receive_return))
        .routes(routes!(orders::shipments::order_shipments))
        .routes(routes!(orders::allocation::order_allocation))
        .routes(routes!(shipments::list::list_shipments))
        .routes(routes!(shipments::find::find_shipment))
        .routes(routes!(shipments::record_event::record_event))
        .routes(routes!(shipments::enter_tracking::enter_tracking))
}

/// Routes that respond with server-sent events.
fn stream_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(orders::stream::stream_order))
}

/// Routes that respond with JSON or CSV.
fn table_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(admin::ledger::list::list_ledger))
}

fn catalogue_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(products::list::list_products, products::create::create_product))
        .routes(routes!(products::find::find_product, products::update::update_product))
        .routes(routes!(products::prices::list_prices))
        .routes(routes!(warehouses::list::list_warehouses, warehouses::create::create_warehouse))
        .routes(routes!(warehouses::update::update_warehouse))
        .routes(routes!(inventory::list::list_stock))
        .routes(routes!(inventory::find::find_stock))
        .routes(routes!(inventory::movements::list_movements))
        .routes(routes!(inventory::adjust::adjust_stock))
        .routes(routes!(inventory::transfer::transfer_stock))
        .routes(routes!(inventory::set_threshold::set_threshold))
}

fn admin_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(admin::users::list::list_users))
        .routes(routes!(admin::users::update::update_user))
        .routes(routes!(admin::users::grant_role::grant_role))
        .routes(routes!(admin::customers::export::export_customer))
        .routes(routes!(admin::customers::erase::erase_customer))
        .routes(routes!(admin::failed_jobs::list::list_failed_jobs))
        .routes(routes!(admin::failed_jobs::find::find_failed_job))
        .routes(routes!(admin::failed_jobs::replay::replay_failed_job))
        .routes(routes!(admin::failed_jobs::discard::discard_failed_job))
        .routes(routes!(admin::replays::list::list_replays, admin::replays::start::start_replay))
        .routes(routes!(admin::replays::find::find_replay))
        .routes(routes!(admin::replays::cancel::cancel_replay))
        .routes(routes!(admin::sagas::list::list_sagas))
        .routes(routes!(admin::sagas::find::find_saga))
        .routes(routes!(admin::sagas::act::retry_saga_step))
        .routes(routes!(admin::sagas::act::mark_saga_step_done))
        .routes(routes!(admin::sagas::act::capture_again))
        .routes(routes!(admin::sagas::act::reauthorize))
        .routes(routes!(admin::sagas::act::abandon_saga))
        .routes(routes!(admin::shipments::resolve::resolve_shipment))
        .routes(routes!(admin::shipments::reship::reship))
        .routes(routes!(admin::ledger::summary::summarize_ledger))
        .routes(routes!(admin::settlements::list_settlements))
        .routes(routes!(admin::refunds::list_all_refunds))
        .routes(routes!(admin::audit_logs::list_audit_logs))
        .routes(routes!(admin::tasks::list_tasks))
        .routes(routes!(admin::tasks::list_task_runs))
}

/// The probes, and the routes for operators.
fn system_routes(has_operators: bool) -> OpenApiRouter<AppState> {
    let probes = OpenApiRouter::new().routes(routes!(system::live::live)).routes(routes!(system::ready::ready));
    if !has_operators {
        return probes;
    }
    probes
        .routes(routes!(system::health::health))
        .routes(routes!(system::workers::workers))
        .routes(routes!(system::metrics::system_metrics))
}

fn metrics_route() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(system::metrics::metrics))
}

fn no_route(uri: &Uri, serves_docs: bool) -> Problem {
    let see = if serves_docs { "; see `/docs`" } else { "" };
    Problem::new(Kind::NotFound, format!("No route matches {}{see}", quote(uri.path())))
}
