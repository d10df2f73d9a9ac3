// The certified JavaScript client completes a FAPI 2.0 Message Signing flow against a running server.
//
// Reads one JSON document from standard input: issuer, client_id, key (private JWK), redirect_uri, username, password.
// Prints one JSON document: what the client got. Any check that does not hold throws, and the exit code is 1.

import * as client from 'openid-client';
import { text } from 'node:stream/consumers';
import { Browser } from './browser.mjs';

const given = JSON.parse(await text(process.stdin));

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
const key = await crypto.subtle.importKey('jwk', given.key, algorithm, false, ['sign']);
const signer = { key, kid: given.key.kid };

const metadata = {
  authorization_signed_response_alg: 'ES256',
  id_token_signed_response_alg: 'ES256',
  request_object_signing_alg: 'ES256',
};
const config = await client.discovery(
  new URL(given.issuer), given.client_id, metadata, client.PrivateKeyJwt(signer),
  { execute: [client.allowInsecureRequests] },
);
client.useJwtResponseMode(config);

const dpopKeys = await client.randomDPoPKeyPair('ES256');
const DPoP = client.getDPoPHandle(config, dpopKeys);

const pkceCodeVerifier = client.randomPKCECodeVerifier();
const expectedState = client.randomState();
const expectedNonce = client.randomNonce();
const parameters = {
  redirect_uri: given.redirect_uri,
  scope: 'openid profile email',
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: 'S256',
  state: expectedState,
  nonce: expectedNonce,
};

const signed = await client.buildAuthorizationUrlWithJAR(config, parameters, signer);
const pushed = await client.buildAuthorizationUrlWithPAR(config, signed.searchParams, { DPoP });
const callback = await logInAndAllow(pushed);

const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
const tokens = await client.authorizationCodeGrant(config, callback, checks, undefined, { DPoP });
const subject = tokens.claims().sub;
const userinfo = await client.fetchUserInfo(config, tokens.access_token, subject, { DPoP });
const refreshed = tokens.refresh_token
  ? await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP })
  : undefined;

console.log(JSON.stringify({
  authorization_parameters: [...pushed.searchParams.keys()].sort(),
  callback_parameters: [...callback.searchParams.keys()],
  token_type: tokens.token_type,
  scope: tokens.scope,
  subject,
  userinfo,
  refreshed: refreshed ? refreshed.token_type : null,
}));

// A person: logs in, allows, and comes back with the answer.
async function logInAndAllow(url) {
  const browser = new Browser(given.issuer, given.redirect_uri);
  let page = await browser.open(url);
  page = await browser.submit(page, 'login', { username: given.username, password: given.password });
  page = await browser.submit(page, 'consent', { decision: 'allow' });
  return page.url;
}
