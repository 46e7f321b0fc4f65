import { Api, HttpResponse, type HTTPError, type HTTPValidationError, Role, type User } from "./sta/users.js";

const api = new Api({
  baseUrl: process.argv[2]!,
  securityWorker: () => ({ headers: { "X-Admin-Key": process.argv[3]! } }),
});

// A response that is no success is thrown, with what it says as its error.
async function refusal<E>(request: Promise<unknown>): Promise<HttpResponse<unknown, E>> {
  try {
    await request;
  } catch (thrown) {
    return thrown as HttpResponse<unknown, E>;
  }
  throw new Error("not refused");
}

const register = api.api.register;
const created: HttpResponse<User, unknown> = await register({ name: "dan", email: "dan@example.com", password: "correct horse" });
console.log(created.status, created.data.name, created.data.role);

const refused = await refusal<HTTPValidationError>(register({ name: "eve", email: "eve@example.com", password: "short" }));
const fault = refused.error.detail[0]!;
console.log(refused.status, fault.type, fault.loc.join());

const missing = await refusal<HTTPError>(api.admin.setAccess(99999, { role: Role.Admin }));
console.log(missing.status, missing.error.detail);
