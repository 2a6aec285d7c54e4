//! The page at `/docs`: Swagger UI with a quick start. All of it is embedded, and its content security policy allows
//! nothing else.

use crate::problem::Problem;
use crate::state::AppState;
use axum::Router;
use axum::extract::Path;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use std::sync::{Arc, LazyLock};
use utoipa_swagger_ui::{Config, SwaggerFile};

/// Scripts, styles, images and requests of this origin only. Swagger UI's style sheet contains its icons as data.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE: &str = include_str!("index.html");
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const OWN_FILES: [(&str, &str, &str); 7] = [
    ("page.css", "text/css; charset=utf-8", include_str!("page.css")),
    ("start.js", JAVASCRIPT, include_str!("start.js")),
    ("session.js", JAVASCRIPT, include_str!("session.js")),
    ("login_dialog.js", JAVASCRIPT, include_str!("login_dialog.js")),
    ("prefill.js", JAVASCRIPT, include_str!("prefill.js")),
    ("responses.js", JAVASCRIPT, include_str!("responses.js")),
    ("watch.js", JAVASCRIPT, include_str!("watch.js")),
];
const SWAGGER_UI_FILES: [&str; 3] = ["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"];

/// The page and its files. With `shows_demo_accounts` the quick start lists the accounts of `orderctl seed --demo`.
pub fn routes(shows_demo_accounts: bool) -> Router<AppState> {
    let page = page(shows_demo_accounts);
    Router::new()
        .route("/docs", get(async || Redirect::to("/docs/")))
        .route("/docs/", get(async || ([(CONTENT_SECURITY_POLICY, POLICY)], Html(page))))
        .route("/docs/{file}", get(file))
}

fn page(shows_demo_accounts: bool) -> String {
    let (accounts, email, password) = if shows_demo_accounts {
        (include_str!("accounts_development.html"), "customer@orders.local", "CustomerPass123")
    } else {
        (include_str!("accounts_production.html"), "you@example.com", "…")
    };
    PAGE.replace("{{accounts}}", accounts.trim_end()).replace("{{email}}", email).replace("{{password}}", password)
}

async fn file(Path(name): Path<String>) -> Result<Response, Problem> {
    if let Some((_, content_type, text)) = OWN_FILES.into_iter().find(|(own, ..)| *own == name) {
        return Ok(([(CONTENT_TYPE, content_type)], text).into_response());
    }
    let file = swagger_ui_file(&name).ok_or_else(|| Problem::not_found("file"))?;
    Ok(([(CONTENT_TYPE, file.content_type)], file.bytes).into_response())
}

fn swagger_ui_file(name: &str) -> Option<SwaggerFile<'static>> {
    static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(Arc::default);
    let name = SWAGGER_UI_FILES.into_iter().find(|file| *file == name)?;
    utoipa_swagger_ui::serve(name, Arc::clone(&CONFIG)).ok().flatten()
}
