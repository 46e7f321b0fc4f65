import { client } from "./hey/users/client.gen.js";
import { register, setAccess } from "./hey/users/sdk.gen.js";

client.setConfig({ baseUrl: process.argv[2]! });

const created = await register({ body: { name: "bob", email: "bob@example.com", password: "correct horse" } });
if (!created.data) throw created.error;
console.log(created.response.status, created.data.name, created.data.role);

const refused = await register({ body: { name: "eve", email: "eve@example.com", password: "short" } });
if (refused.error && Array.isArray(refused.error.detail)) {
  const fault = refused.error.detail[0]!;
  console.log(refused.response.status, fault.type, fault.loc.join());
}

const missing = await setAccess({
  path: { user_id: 99999 },
  auth: process.argv[3]!,
  body: { role: "admin" },
});
console.log(missing.response.status, missing.error?.detail);
