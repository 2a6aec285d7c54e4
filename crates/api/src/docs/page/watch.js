// Step 3 of the quick start: the timeline of the order that was placed last, as it happens.

import { authorization, post } from "./session.js";

let stream = null;
let shownStatus = null;

export async function watch(order) {
  stream?.close();
  const timeline = document.getElementById("timeline");
  timeline.replaceChildren();
  shownStatus = null;
  hint(`Order ${order}:`);
  const { problem, body } = await post(`/orders/${order}/stream-ticket`, { headers: authorization() });
  if (problem) return hint(`Order ${order} can't be watched: ${problem.detail}`);
  stream = new EventSource(body.url);
  stream.addEventListener("entry", (event) => timeline.append(line(JSON.parse(event.data))));
  stream.addEventListener("end", () => stream.close());
  // A ticket is valid once: the browser can't reconnect with it.
  stream.addEventListener("error", () => stream.close());
}

function line({ at, kind, to_status: status }) {
  const item = document.createElement("li");
  const time = document.createElement("time");
  time.textContent = new Date(at).toLocaleTimeString();
  item.append(time, ` ${kind.replaceAll("_", " ")}`);
  if (status && status !== shownStatus) item.append(" → ", Object.assign(document.createElement("b"), { textContent: status }));
  shownStatus = status ?? shownStatus;
  return item;
}

const hint = (text) => (document.getElementById("watch-hint").textContent = text);
