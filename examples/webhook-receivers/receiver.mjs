/*
 * Receives Sayso's webhooks with nothing but Node (18 or newer).
 *
 *     SAYSO_WEBHOOK_SECRET=whsec_... node receiver.mjs 9000
 *
 * Sayso signs by Standard Webhooks 1.0 (https://www.standardwebhooks.com). Three checks, in this order: the signature
 * belongs to exactly these bytes, the timestamp is of now, and the message has not been handled before.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import { pathToFileURL } from 'node:url'

const TOLERANCE = 5 * 60 // seconds
const LARGEST_BODY = 1024 * 1024

/** Whether a message is genuine; `body` must be the bytes as received, not parsed and written again. */
export function verify(secret, headers, body, now = Date.now() / 1000) {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures = '' } = headers
  if (!id || !(Math.abs(now - Number(timestamp || NaN)) <= TOLERANCE)) return false
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
  // While a secret is being replaced there are two signatures, separated by a space.
  return signatures.split(' ').some(signature => {
    const [version, value = ''] = signature.split(',')
    const given = Buffer.from(value, 'base64')
    return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected)
  })
}

// Delivery is at least once, and every repeat has the same id. In production the ids belong into your database, in the
// same transaction as the work; this memory forgets them with the process.
const handled = new Set()

/** Your part. Take longer work out of the request: Sayso waits 15 seconds for the answer. */
async function handle(event) {
  const { site, kind, status, url } = event.data.case
  console.log(event.type, site, kind, status, url)
}

async function receive(request, response) {
  const chunks = []
  let length = 0
  for await (const chunk of request) {
    length += chunk.length
    if (length > LARGEST_BODY) return response.writeHead(413, { connection: 'close' }).end()
    chunks.push(chunk)
  }
  const body = Buffer.concat(chunks)
  if (request.method !== 'POST' || !verify(process.env.SAYSO_WEBHOOK_SECRET, request.headers, body)) {
    return response.writeHead(401).end()
  }
  const id = request.headers['webhook-id']
  if (!handled.has(id)) {
    await handle(JSON.parse(body))
    handled.add(id)
  }
  // Anything but 2xx makes Sayso come again; 410 (gone) switches the target off.
  response.writeHead(204).end()
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const server = createServer((request, response) => {
    receive(request, response).catch(error => {
      console.error(error)
      response.writeHead(500).end()
    })
  })
  server.listen(Number(process.argv[2] ?? 9000), '127.0.0.1')
}
