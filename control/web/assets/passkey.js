// Passkeys: the only thing here that needs a script.
"use strict";

const toBytes = (text) => Uint8Array.from(
    atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

const toText = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

async function call(path, csrf, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: {"Content-Type": "application/json", "X-Csrf-Token": csrf},
    body: JSON.stringify(body),
  });
  const json = await answer.json();
  if (!answer.ok) throw new Error(json.error);
  return json;
}

async function signIn(place) {
  const csrf = place.dataset.csrf;
  const {token, publicKey} = await call("/signin/passkey/options", csrf, {});
  publicKey.challenge = toBytes(publicKey.challenge);
  const made = await navigator.credentials.get({publicKey});
  await call("/signin/passkey", csrf, {
    token,
    id: toText(made.rawId),
    clientDataJSON: toText(made.response.clientDataJSON),
    authenticatorData: toText(made.response.authenticatorData),
    signature: toText(made.response.signature),
  });
  location.assign(place.dataset.to);
}

async function add(place) {
  const csrf = place.dataset.csrf;
  const {token, publicKey} = await call("/account/passkeys/options", csrf, {});
  publicKey.challenge = toBytes(publicKey.challenge);
  publicKey.user.id = toBytes(publicKey.user.id);
  const made = await navigator.credentials.create({publicKey});
  const {to} = await call("/account/passkeys", csrf, {
    token,
    name: document.getElementById("passkey-name").value,
    clientDataJSON: toText(made.response.clientDataJSON),
    attestationObject: toText(made.response.attestationObject),
  });
  location.assign(to);
}

for (const [id, run] of [["passkey", signIn], ["add-passkey", add]]) {
  const place = document.getElementById(id);
  if (!place || !window.PublicKeyCredential) continue;
  place.hidden = false;
  const problem = place.querySelector(".problem");
  place.querySelector("button").addEventListener("click", () => {
    problem.hidden = true;
    run(place).catch((error) => {
      problem.textContent = error.message;
      problem.hidden = false;
    });
  });
}
