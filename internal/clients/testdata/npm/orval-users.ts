import { register, setAccess } from "./orval/users.js";

// The client asks for paths of the host that it came from.
const send = globalThis.fetch;
globalThis.fetch = (path, init) => send(new URL(String(path), process.argv[2]!), init);

const created = await register({ name: "fay", email: "fay@example.com", password: "correct horse" });
if (created.status !== 201) throw created;
console.log(created.status, created.data.name, created.data.role);

const refused = await register({ name: "eve", email: "eve@example.com", password: "short" });
if (refused.status !== 422) throw refused;
const fault = refused.data.detail[0]!;
console.log(refused.status, fault.type, fault.loc.join());

const missing = await setAccess(99999, { role: "admin" }, { headers: { "X-Admin-Key": process.argv[3]! } });
if (missing.status !== 404) throw missing;
console.log(missing.status, missing.data.detail);
