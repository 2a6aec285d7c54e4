// The session of the person who reads the page: log in, refresh in time, log out.
//
// It is kept for this tab only, so that a reload keeps it and a closed tab forgets it.

const STORED = "orderflow.session";
const SCHEME = "access_token";
const NO_RESPONSE = "no-response";
/** How long before its end an access token is exchanged. */
const REFRESH_BEFORE_MS = 30_000;

let session = JSON.parse(sessionStorage.getItem(STORED));
let refreshing = null;
let ui = null;

/** The address and the role of the person, or null. */
export const account = () => session && { email: session.email, role: session.role };

/** Uses the session of before a reload. */
export function restore(system) {
  ui = system;
  keep(session);
}

/** Logs in. Returns the problem, or null. */
export async function logIn(email, password) {
  const { problem, body } = await post("/auth/login", sent({ email, password }));
  if (problem) return problem;
  keep(stored(body));
  return body.must_change_password ? PASSWORD_CHANGE : null;
}

export async function logOut() {
  const ended = session;
  keep(null);
  await post("/auth/logout", sent({ refresh_token: ended.refresh_token }));
}

/** Replaces an access token that is about to expire. */
export async function withFreshToken(request) {
  const isOurs = session && request.headers?.Authorization === `Bearer ${session.token}`;
  if (!isOurs || Date.now() < session.expires_at - REFRESH_BEFORE_MS) return request;
  refreshing ??= refresh().finally(() => (refreshing = null));
  await refreshing;
  if (session) request.headers.Authorization = `Bearer ${session.token}`;
  return request;
}

/** The header that the requests of the page have: the session's, or that of a token that the reader has entered. */
export const authorization = () => ({ Authorization: `Bearer ${ui.authSelectors.authorized().getIn([SCHEME, "value"])}` });

/** Sends a request to a path below the base path. Returns the problem or the body. */
export async function post(path, { headers, body } = {}) {
  try {
    const response = await fetch(`/api/v1${path}`, { method: "POST", headers, body });
    const text = await response.text();
    const json = text ? JSON.parse(text) : null;
    return response.ok ? { body: json } : { problem: json };
  } catch (error) {
    return { problem: { title: "No response", code: NO_RESPONSE, detail: `The api did not answer: ${error.message}.` } };
  }
}

const sent = (body) => ({ headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

const PASSWORD_CHANGE = {
  title: "Password change required",
  code: "password-change-required",
  detail: "You are logged in, but your password was set by somebody else: change it with POST /auth/password first.",
};

async function refresh() {
  const { problem, body } = await post("/auth/refresh", sent({ refresh_token: session.refresh_token }));
  // Without a response the token may still be valid: the next request tries again.
  if (problem?.code !== NO_RESPONSE) keep(problem ? null : stored(body));
}

const stored = (body) => ({
  token: body.access_token,
  refresh_token: body.refresh_token,
  expires_at: Date.now() + body.expires_in * 1000,
  email: body.user.email,
  role: body.user.role,
});

function keep(next) {
  if (next) sessionStorage.setItem(STORED, JSON.stringify(next));
  else sessionStorage.removeItem(STORED);
  if (next) ui.preauthorizeApiKey(SCHEME, next.token);
  else if (session) ui.authActions.logout([SCHEME]);
  session = next;
  document.getElementById("account").textContent = next ? `Logged in as ${next.email} (${next.role}).` : "Not logged in.";
}
