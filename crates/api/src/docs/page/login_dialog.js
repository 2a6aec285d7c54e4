// The *Authorize* dialog: e-mail and password; or an access token or API key, for which Swagger UI has a form.

import { account, logIn, logOut } from "./session.js";

let suggested = {};

/** Fills in the form that is opened next. */
export const suggest = (account) => (suggested = account);

export const loginDialog = () => ({
  wrapComponents: {
    auths: (Original, { React }) => (props) => {
      const h = React.createElement;
      const close = () => props.authActions.showDefinitions(false);
      if (account()) return h(LoggedIn, { React, close });
      const hasToken = props.authSelectors.authorized()?.size > 0;
      return h("div", { className: "log-in" },
        hasToken ? null : h(LoginForm, { React, close }),
        h("details", { open: hasToken }, h("summary", null, "Use an access token or an API key"), h(Original, props)));
    },
  },
});

function LoggedIn({ React, close }) {
  const h = React.createElement;
  const { email, role } = account();
  const leave = () => logOut().then(close);
  return h("div", { className: "log-in" },
    h("p", null, "Logged in as ", h("b", null, email), ` (${role}).`),
    h("div", { className: "auth-btn-wrapper" },
      h("button", { className: "btn modal-btn auth log-out", onClick: leave }, "Log out"),
      h("button", { className: "btn modal-btn auth btn-done", onClick: close }, "Close")));
}

function LoginForm({ React, close }) {
  const { createElement: h, useState } = React;
  const [state, setState] = useState({ problem: null, busy: false });
  const submit = async (event) => {
    event.preventDefault();
    const fields = new FormData(event.target);
    setState({ problem: null, busy: true });
    const problem = await logIn(fields.get("email"), fields.get("password"));
    setState({ problem, busy: false });
    if (!problem) close();
  };
  return h("form", { onSubmit: submit, method: "post" },
    field(h, { name: "email", label: "E-mail", autoComplete: "username", defaultValue: suggested.email, autoFocus: true }),
    field(h, { name: "password", label: "Password", type: "password", autoComplete: "current-password", defaultValue: suggested.password }),
    h(ProblemText, { React, problem: state.problem }),
    h("div", { className: "auth-btn-wrapper" },
      h("button", { type: "submit", className: "btn modal-btn auth authorize", disabled: state.busy }, "Log in"),
      h("button", { type: "button", className: "btn modal-btn auth btn-done", onClick: close }, "Close")));
}

const field = (h, { label, ...input }) =>
  h("label", null, label, h("input", { type: "text", required: true, spellCheck: false, autoCapitalize: "none", ...input }));

/** The name of the problem, its text, and the text of each part of the request that is invalid. */
function ProblemText({ React, problem }) {
  const h = React.createElement;
  if (!problem) return null;
  const parts = (problem.errors ?? []).map((part) => h("li", { key: part.detail }, ...marked(h, part.detail)));
  return h("div", { role: "alert", className: "problem" },
    h("b", null, problem.title), " ", h("code", null, problem.code),
    h("p", null, ...marked(h, problem.detail)), parts.length > 1 ? h("ul", null, parts) : null);
}

/** A text with its backticked parts as code. */
const marked = (h, text) => text.split("`").map((part, index) => (index % 2 ? h("code", { key: index }, part) : part));
