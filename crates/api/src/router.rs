//! All routes, and the layers that each request passes.

use crate::idempotency::SupportedRoutes;
use crate::methods::Methods;
use crate::problem::text::quote;
use crate::problem::{Kind, Problem};
use crate::routes::{admin, api_keys, auth, inventory, orders, problems, products, shipments, system, warehouses};
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

pub fn router(state: AppState) -> Router {
    let (router, description) = build(&state);
    let methods = Arc::new(Methods::of(&description));
    let supported = SupportedRoutes::of(&description);
    let method_not_allowed =
        move |method: Method, path: Option<MatchedPath>| async move { methods.refuse(&method, path.as_ref()) };
    let description = Bytes::from(description.to_json().expect("an OpenAPI description is JSON"));
    let json = [(CONTENT_TYPE, "application/json")];
    let files = docs::page::routes(state.options.shows_demo_accounts)
        .route("/openapi.json", get(async move || (json, description)))
        .layer(middleware::from_fn_with_state(state.clone(), limits::admit_files));
    let router = router
        .merge(files)
        .route("/", get(async || Redirect::temporary("/docs/")))
        .fallback(no_route)
        .method_not_allowed_fallback(method_not_allowed);
    let catching_panics = CatchPanicLayer::custom(limits::panic_response);
    let pipeline = middleware::from_fn_with_state((state.clone(), supported), pipeline::handle_request);
    let cors = cors::layer(&state.cors_origins);
    router.layer(ServiceBuilder::new().layer(cors).layer(pipeline).layer(catching_panics)).with_state(state)
}

/// The OpenAPI description of every route.
pub fn documentation(state: &AppState) -> OpenApi {
    build(state).1
}

fn build(state: &AppState) -> (Router<AppState>, OpenApi) {
    let business = auth_routes().merge(order_routes()).merge(catalogue_routes()).merge(admin_routes());
    let business = business.layer(middleware::from_fn_with_state(state.clone(), limits::admit));
    let streams = stream_routes().layer(middleware::from_fn_with_state(state.clone(), limits::admit_streams));
    let mut business = business.merge(streams);
    let refused = [Kind::NotAcceptable, Kind::TooManyRequests, Kind::Overloaded, Kind::Timeout, Kind::Unavailable];
    docs::add_problems(business.get_openapi_mut(), &refused);
    let outside = OpenApiRouter::new().routes(routes!(system::metrics::metrics)).routes(routes!(problems::explain));
    let all =
        OpenApiRouter::with_openapi(docs::Api::openapi()).nest(BASE, business.merge(system_routes())).merge(outside);
    let (router, mut description) = all.split_for_parts();
    docs::add_problems(&mut description, &[Kind::InvalidHost, Kind::UriTooLong, Kind::HeadersTooLarge, Kind::Internal]);
    docs::complete(&mut description);
    // The system routes are also served without the base path, for probes; the description lists them once.
    (router.merge(system_routes().split_for_parts().0), description)
}

fn auth_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(auth::signup::sign_up))
        .routes(routes!(auth::login::log_in))
        .routes(routes!(auth::refresh::refresh))
        .routes(routes!(auth::logout::log_out))
        .routes(routes!(auth::logout_all::log_out_everywhere))
        .routes(routes!(auth::sessions::list_sessions))
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
        .routes(routes!(admin::sagas::act::abandon_saga))
        .routes(routes!(admin::audit_logs::list_audit_logs))
        .routes(routes!(admin::tasks::list_tasks))
        .routes(routes!(admin::tasks::list_task_runs))
}

fn system_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(system::health::health))
        .routes(routes!(system::live::live))
        .routes(routes!(system::ready::ready))
        .routes(routes!(system::workers::workers))
        .routes(routes!(system::metrics::system_metrics))
}

async fn no_route(uri: Uri) -> Problem {
    Problem::new(Kind::NotFound, format!("No route matches {}; see `/docs`", quote(uri.path())))
}
