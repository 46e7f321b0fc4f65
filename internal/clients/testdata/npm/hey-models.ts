import { client } from "./hey/models/client.gen.js";
import { depotPost, depotRead } from "./hey/models/sdk.gen.js";

client.setConfig({ baseUrl: process.argv[2]! });

const created = await depotPost({ body: { to: { kind: "address", street: "High Street", city: "York" }, grams: 7 } });
if (!created.data) throw created.error;
console.log(created.response.status, created.data.priority, created.data.grams);

const refused = await depotPost({
  body: { to: { kind: "locker", number: 0, code: "4711" }, grams: 7, priority: "express", note: null },
});
if (refused.error && Array.isArray(refused.error.detail)) {
  const fault = refused.error.detail[0]!;
  console.log(refused.response.status, fault.type, fault.loc.join());
}

const missing = await depotRead({ path: { id: 99999 } });
console.log(missing.response.status, missing.error?.detail);
