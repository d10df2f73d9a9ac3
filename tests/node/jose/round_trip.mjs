// Reads jobs as JSON from standard input, does each with the `jose` package, and writes the results as JSON.
// One file for both directions: what Rust made is read here, and what is made here is read by Rust.

import { text } from 'node:stream/consumers'

import * as jose from 'jose'

const bytes = new TextEncoder()
const secret = (job) => (job.secret ? jose.base64url.decode(job.secret) : undefined)

const operations = {
  async verify({ jwk, alg, token }) {
    const key = await jose.importJWK(jwk, alg)
    const { payload, protectedHeader } = await jose.jwtVerify(token, key, { algorithms: [alg] })
    return { payload, header: protectedHeader }
  },
  async sign({ jwk, alg, claims, typ }) {
    const key = await jose.importJWK(jwk, alg)
    return new jose.SignJWT(claims).setProtectedHeader({ alg, typ, kid: jwk.kid }).sign(key)
  },
  async decrypt({ jwk, alg, token, ...job }) {
    const key = secret(job) ?? (await jose.importJWK(jwk, alg))
    const options = { keyManagementAlgorithms: [alg] }
    const { plaintext, protectedHeader } = await jose.compactDecrypt(token, key, options)
    return { plaintext: new TextDecoder().decode(plaintext), header: protectedHeader }
  },
  async encrypt({ jwk, alg, enc, plaintext, apu, apv, ...job }) {
    const key = secret(job) ?? (await jose.importJWK(jwk, alg))
    const encrypt = new jose.CompactEncrypt(bytes.encode(plaintext))
    encrypt.setProtectedHeader({ alg, enc, cty: 'JWT', kid: jwk?.kid })
    if (apu) encrypt.setKeyManagementParameters({ apu: bytes.encode(apu), apv: bytes.encode(apv) })
    return encrypt.encrypt(key)
  },
  async thumbprint({ jwk }) {
    return jose.calculateJwkThumbprint(jwk)
  },
  async generate({ alg, crv }) {
    const pair = await jose.generateKeyPair(alg, { crv, extractable: true })
    const [jwk, pem] = await Promise.all([jose.exportJWK(pair.privateKey), jose.exportPKCS8(pair.privateKey)])
    return { jwk, pem }
  },
}

const jobs = JSON.parse(await text(process.stdin))
const results = []
for (const { operation, ...job } of jobs) {
  results.push(await operations[operation](job))
}
process.stdout.write(JSON.stringify(results))
