// Values of parameters that a reader would have to invent or copy: idempotency keys, and the id of the last order.

import { watch } from "./watch.js";

const ORDERS = "/api/v1/orders";

/** The mounted rows: "POST /path Idempotency-Key" to what changes its value. */
const rows = new Map();
let lastOrder = null;

export const prefill = () => ({
  wrapComponents: { parameterRow: (Original, { React }) => (props) => React.createElement(Row, { React, Original, props }) },
  statePlugins: { spec: { wrapActions: { setResponse } } },
});

function Row({ React, Original, props }) {
  const { rawParam, pathMethod, specActions, specSelectors } = props;
  const value = valueOf(rawParam, pathMethod);
  React.useEffect(() => {
    if (!value) return undefined;
    const name = [...pathMethod, rawParam.get("name")].join(" ");
    const set = (next) => specActions.changeParamByIdentity(pathMethod, rawParam, next, false);
    const shown = specSelectors.parameterWithMetaByIdentity(pathMethod, rawParam)?.get("value");
    if (!shown && value()) set(value());
    rows.set(name, () => value() && set(value()));
    return () => rows.delete(name);
  }, []);
  return React.createElement(Original, props);
}

/** What makes the value of a parameter; undefined if the reader chooses it. */
function valueOf(parameter, [path]) {
  if (parameter.get("name") === "Idempotency-Key") return newKey;
  if (parameter.get("name") === "id" && path.startsWith(`${ORDERS}/{id}`)) return () => lastOrder;
  return undefined;
}

/** A UUID. `crypto.randomUUID` needs HTTPS or loopback. */
function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** After a response the next request is a new one, with a new key. Without one, or after a 5xx, it may be a repeat. */
const setResponse = (original) => (path, method, response) => {
  const result = original(path, method, response);
  if (response.status < 500) rows.get([path, method, "Idempotency-Key"].join(" "))?.();
  if (path === ORDERS && method === "post" && response.status === 202) followed(JSON.parse(response.text).order_id);
  return result;
};

function followed(order) {
  lastOrder = order;
  for (const [name, renew] of rows) if (name.endsWith(" id")) renew();
  watch(order);
}
