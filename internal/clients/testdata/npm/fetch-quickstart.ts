import createClient from "openapi-fetch";
import type { paths } from "./fetch/quickstart.js";

const client = createClient<paths>({ baseUrl: process.argv[2]! });

const created = await client.POST("/items", { body: { name: "Laptop", price: 19.5 } });
if (!created.data) throw created.error;
console.log(created.response.status, created.data.name, created.data.price, created.data.in_stock);

const refused = await client.POST("/items", { body: { name: "", price: 1 } });
if (refused.error && Array.isArray(refused.error.detail)) {
  const fault = refused.error.detail[0]!;
  console.log(refused.response.status, fault.type, fault.loc.join());
}

const missing = await client.GET("/items/{item_id}", { params: { path: { item_id: 99999 } } });
console.log(missing.response.status, missing.error?.detail);
