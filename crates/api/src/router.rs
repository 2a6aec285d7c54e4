//! Every route there is, and what each request passes on its way to one.

use crate::idempotency::SupportedRoutes;
use crate::methods::Methods;
use crate::problem::text::tick;
use crate::problem::{Kind, Problem};
use crate::routes::{admin, auth, inventory, orders, problems, products, shipments, system, warehouses};
use crate::state::AppState;
use crate::{docs, limits, pipeline};
use axum::extract::MatchedPath;
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
use utoipa_swagger_ui::{Config, SwaggerUi};

const BASE: &str = "/api/v1";

pub fn router(state: AppState) -> Router {
    let (router, description) = described(&state);
    let methods = Arc::new(Methods::of(&description));
    let keyed = SupportedRoutes::of(&description);
    let no_method =
        move |method: Method, path: Option<MatchedPath>| async move { methods.refuse(&method, path.as_ref()) };
    // Its validator would send the description to somebody else's server.
    let page =
        SwaggerUi::new("/docs").url("/openapi.json", description).config(Config::default().validator_url("none"));
    let router = router
        .merge(page)
        .route("/", get(async || Redirect::temporary("/docs/")))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method);
    let catching_panics = CatchPanicLayer::custom(limits::panicked);
    let passing = middleware::from_fn_with_state((state.clone(), keyed), pipeline::pass);
    router.layer(ServiceBuilder::new().layer(passing).layer(catching_panics)).with_state(state)
}

/// The description of every route.
pub fn documentation(state: &AppState) -> OpenApi {
    described(state).1
}

fn described(state: &AppState) -> (Router<AppState>, OpenApi) {
    let business = auth_routes().merge(order_routes()).merge(goods_routes()).merge(admin_routes());
    let business = business.layer(middleware::from_fn_with_state(state.clone(), limits::load));
    let streams = stream_routes().layer(middleware::from_fn_with_state(state.clone(), limits::load_of_streams));
    let mut business = business.merge(streams);
    let refused = [Kind::NotAcceptable, Kind::Overloaded, Kind::Timeout, Kind::Unavailable];
    docs::may_answer(business.get_openapi_mut(), &refused);
    let outside = OpenApiRouter::new().routes(routes!(system::metrics::metrics)).routes(routes!(problems::explain));
    let all =
        OpenApiRouter::with_openapi(docs::Api::openapi()).nest(BASE, business.merge(system_routes())).merge(outside);
    let (router, mut description) = all.split_for_parts();
    docs::may_answer(&mut description, &[Kind::InvalidHost, Kind::UriTooLong, Kind::HeadersTooLarge, Kind::Internal]);
    docs::complete(&mut description);
    // Probes look here; described once, under the base.
    (router.merge(system_routes().split_for_parts().0), description)
}

fn auth_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(auth::signup::sign_up))
        .routes(routes!(auth::login::log_in))
        .routes(routes!(auth::refresh::refresh))
        .routes(routes!(auth::logout::log_out))
        .routes(routes!(auth::me::me))
}

fn order_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(orders::place::place_order, orders::list::list_orders))
        .routes(routes!(orders::find::find_order))
        .routes(routes!(orders::events::order_events))
        .routes(routes!(orders::cancel::cancel_order))
        .routes(routes!(orders::payments::order_payments))
        .routes(routes!(orders::shipments::order_shipments))
        .routes(routes!(shipments::find::find_shipment))
        .routes(routes!(shipments::record_event::record_event))
}

/// Those that answer with events.
fn stream_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(orders::stream::stream_order))
}

fn goods_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(products::list::list_products, products::create::create_product))
        .routes(routes!(products::find::find_product, products::update::update_product))
        .routes(routes!(warehouses::list::list_warehouses, warehouses::create::create_warehouse))
        .routes(routes!(inventory::list::list_stock))
        .routes(routes!(inventory::find::find_stock))
        .routes(routes!(inventory::adjust::adjust_stock))
        .routes(routes!(inventory::set_threshold::set_threshold))
}

fn admin_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(admin::grant_role::grant_role))
        .routes(routes!(admin::failed_jobs::list::list_failed_jobs))
        .routes(routes!(admin::failed_jobs::find::find_failed_job))
        .routes(routes!(admin::failed_jobs::replay::replay_failed_job))
        .routes(routes!(admin::failed_jobs::discard::discard_failed_job))
        .routes(routes!(admin::replays::list::list_replays, admin::replays::start::start_replay))
        .routes(routes!(admin::replays::find::find_replay))
        .routes(routes!(admin::replays::cancel::cancel_replay))
        .routes(routes!(admin::sagas::list::list_sagas))
        .routes(routes!(admin::sagas::find::find_saga))
        .routes(routes!(admin::sagas::operate::retry_saga_step))
        .routes(routes!(admin::sagas::operate::mark_saga_step_done))
        .routes(routes!(admin::sagas::operate::abandon_saga))
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
    Problem::new(Kind::NotFound, format!("No route matches {}; see `/docs`", tick(uri.path())))
}
