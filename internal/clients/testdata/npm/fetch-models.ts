import createClient from "openapi-fetch";
import type { paths } from "./fetch/models.js";

const client = createClient<paths>({ baseUrl: process.argv[2]! });

const created = await client.POST("/parcels", {
  body: { to: { kind: "address", street: "High Street", city: "York" }, grams: 7 },
});
if (!created.data) throw created.error;
console.log(created.response.status, created.data.priority, created.data.grams);

const refused = await client.POST("/parcels", {
  body: { to: { kind: "locker", number: 0, code: "4711" }, grams: 7, priority: "express", note: null },
});
if (refused.error && Array.isArray(refused.error.detail)) {
  const fault = refused.error.detail[0]!;
  console.log(refused.response.status, fault.type, fault.loc.join());
}

const missing = await client.GET("/parcels/{id}", { params: { path: { id: 99999 } } });
console.log(missing.response.status, missing.error?.detail);
