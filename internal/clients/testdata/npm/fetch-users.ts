import createClient from "openapi-fetch";
import type { paths } from "./fetch/users.js";

const client = createClient<paths>({ baseUrl: process.argv[2]! });

const created = await client.POST("/api/v1/users", {
  body: { name: "ann", email: "ann@example.com", password: "correct horse" },
});
if (!created.data) throw created.error;
console.log(created.response.status, created.data.name, created.data.role);

const refused = await client.POST("/api/v1/users", {
  body: { name: "eve", email: "eve@example.com", password: "short" },
});
if (refused.error && Array.isArray(refused.error.detail)) {
  const fault = refused.error.detail[0]!;
  console.log(refused.response.status, fault.type, fault.loc.join());
}

const missing = await client.PUT("/admin/users/{user_id}/access", {
  params: { path: { user_id: 99999 } },
  headers: { "X-Admin-Key": process.argv[3]! },
  body: { role: "admin" },
});
console.log(missing.response.status, missing.error?.detail);
