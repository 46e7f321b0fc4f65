// The window Swagger UI opened comes back here from the authorization server. This hands the answer to the page that
// opened it, which left its half of the exchange in swaggerUIRedirectOauth2: the flow, the state it sent, and one
// callback each for an answer and for an error.
"use strict";

// RFC 6749: the code comes in the query (section 4.1.2), a token in the fragment (section 4.2.2).
function readAnswer() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const source = fragment.has("state") || fragment.has("error") ? fragment : new URLSearchParams(location.search);
  return Object.fromEntries(source);
}

// explain says why there is nothing to go on with, or returns nothing.
function explain(answer, pending) {
  // An answer without our state may be someone else's, sent to sign the reader in to their account (section 10.12).
  if (answer.state !== pending.state) return "The answer does not belong to this request: its state is another.";
  if (answer.error) return [answer.error, answer.error_description, answer.error_uri].filter(Boolean).join(": ");
  if (!answer.code && !answer.access_token) return "The authorization server sent neither a code nor a token.";
}

function finish(pending) {
  const answer = readAnswer();
  const message = explain(answer, pending);
  if (message) {
    pending.errCb({ authId: pending.auth.name, source: "auth", level: "error", message });
  } else if (answer.code) {
    pending.auth.code = answer.code;
    pending.callback({ auth: pending.auth, redirectUrl: pending.redirectUrl });
  } else {
    pending.callback({ auth: pending.auth, token: answer, isValid: true, redirectUrl: pending.redirectUrl });
  }
  window.close();
}

const pending = window.opener?.swaggerUIRedirectOauth2;
if (pending) finish(pending);
