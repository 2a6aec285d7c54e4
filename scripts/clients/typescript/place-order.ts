// Signs up, places an order with a generated client, repeats the request, and reads the order.
//
//     npm install && npm run build && ORDERFLOW_URL=http://127.0.0.1:8000 npm start

import { randomUUID } from "node:crypto";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

const api = createClient<paths>({ baseUrl: process.env.ORDERFLOW_URL ?? "http://127.0.0.1:8000" });

const email = `client-${randomUUID()}@orders.local`;
const signUp = await api.POST("/api/v1/auth/signup", { body: { email, password: "a long enough sentence" } });
const session = taken(signUp) as components["schemas"]["Session"];
const headers = { Authorization: `Bearer ${session.access_token}` };

const products = taken(await api.GET("/api/v1/products", { params: { query: { limit: 100 } } }));
const product = products.items.find((item) => item.active && item.sku === "SKU-HEADPHONES");
if (product === undefined) throw new Error("no product is on sale");

const key = randomUUID();
const order = { items: [{ sku: product.sku, quantity: 1 }] };
const place = () => api.POST("/api/v1/orders", { headers, params: { header: { "Idempotency-Key": key } }, body: order });
const accepted = taken(await place());
const repeated = taken(await place());
if (repeated.order_id !== accepted.order_id) throw new Error("a repeat placed another order");

const found = taken(await api.GET("/api/v1/orders/{id}", { headers, params: { path: { id: accepted.order_id } } }));
const status: components["schemas"]["Order"]["status"] = found.status;
console.log(`${found.id}: ${status}, ${found.total.amount_minor} ${found.total.currency}`);

// The response of a request that succeeded; otherwise throws what the problem says.
function taken<T>(result: { data?: T; error?: { detail?: string } }): T {
  if (result.data === undefined) throw new Error(result.error?.detail ?? "no response");
  return result.data;
}
