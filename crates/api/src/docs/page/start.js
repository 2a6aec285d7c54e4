// Starts Swagger UI with the plugins of this page, and the buttons of the quick start.

import { loginDialog, suggest } from "./login_dialog.js";
import { prefill } from "./prefill.js";
import { responses } from "./responses.js";
import { restore, withFreshToken } from "./session.js";

const byId = (id) => document.getElementById(id);

const ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  layout: "BaseLayout",
  deepLinking: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  filter: true,
  defaultModelsExpandDepth: 0,
  // The default would send the description to a server elsewhere.
  validatorUrl: null,
  requestInterceptor: withFreshToken,
  plugins: [loginDialog, prefill, responses],
  onComplete: () => restore(ui),
});

byId("origin").textContent = location.origin;
byId("log-in").addEventListener("click", () => openLogin({}));
for (const button of document.querySelectorAll("[data-email]")) {
  button.addEventListener("click", () => openLogin(button.dataset));
}
byId("open-place-order").addEventListener("click", () => {
  ui.layoutActions.show(["operations-tag", "orders"], true);
  ui.layoutActions.show(["operations", "orders", "place_order"], true);
  byId("operations-orders-place_order").scrollIntoView();
});

function openLogin({ email, password }) {
  suggest({ email, password });
  ui.authActions.showDefinitions(ui.authSelectors.definitionsToAuthorize());
}
