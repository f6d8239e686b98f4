// A real OpenID provider for tests: the certified `oidc-provider`, told by a
// JSON file (provider.py documents it) and by commands on standard input, one
// JSON object a line. It prints one JSON object a line: {"issuer": URL} when it
// is ready, then {} for each command. It ends with its standard input.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { createInterface } from "node:readline";

import Provider from "oidc-provider";

const config = JSON.parse(readFileSync(process.argv[2], "utf8"));
const accounts = config.accounts ?? {};

const SIGNERS = {
  RS256: ["rsa", { modulusLength: 2048 }],
  PS256: ["rsa", { modulusLength: 2048 }],
  ES256: ["ec", { namedCurve: "P-256" }],
  EdDSA: ["ed25519", {}],
};

// One new key for each algorithm that some client wants.
function newKeys() {
  const wanted = new Set(["RS256"]);
  for (const client of config.clients) {
    wanted.add(client.id_token_signed_response_alg ?? "RS256");
  }
  return [...wanted].filter((alg) => alg in SIGNERS).map((alg) => {
    const { privateKey } = generateKeyPairSync(...SIGNERS[alg]);
    const kid = `${alg}-${randomBytes(4).toString("hex")}`;
    return { ...privateKey.export({ format: "jwk" }), alg, kid, use: "sig" };
  });
}

function findAccount(ctx, id) {
  if (!(id in accounts)) return undefined;
  return { accountId: id, claims: () => ({ sub: id, ...accounts[id] }) };
}

function newProvider(issuer) {
  return new Provider(issuer, {
    clients: config.clients,
    findAccount,
    jwks: { keys: newKeys() },
    cookies: { keys: [randomBytes(16).toString("hex")] },
    claims: {
      openid: ["sub"],
      profile: ["name", "preferred_username"],
      email: ["email", "email_verified"],
      groups: ["groups"],
    },
    scopes: ["openid", "profile", "email", "groups"],
    conformIdTokenClaims: !config.claims_in_id_token,
    enabledJWA: {
      idTokenSigningAlgValues: [...Object.keys(SIGNERS), "HS256"],
    },
    features: { devInteractions: { enabled: true } },
    pkce: { required: () => true, methods: ["S256"] },
    ttl: { AccessToken: 600, AuthorizationCode: 60, IdToken: 600,
           Interaction: 600, Session: 600, Grant: 600 },
  });
}

let handler;
const serve = (request, response) => handler(request, response);
const tls = config.tls && {
  cert: readFileSync(config.tls.cert), key: readFileSync(config.tls.key),
};
const server = tls ? https.createServer(tls, serve) : http.createServer(serve);
const host = config.host ?? "127.0.0.1";
server.listen(config.port ?? 0, host, () => {
  const name = config.name ?? host;
  const scheme = tls ? "https" : "http";
  const issuer = `${scheme}://${name}:${server.address().port}`;
  handler = newProvider(issuer).callback();
  console.log(JSON.stringify({ issuer }));

  const commands = createInterface({ input: process.stdin });
  commands.on("line", (line) => {
    const command = JSON.parse(line);
    Object.assign(accounts, command.accounts);
    if (command.rotate_keys) handler = newProvider(issuer).callback();
    console.log("{}");
  });
  commands.on("close", () => process.exit(0));
});
