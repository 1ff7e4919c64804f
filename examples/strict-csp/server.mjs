// A page under the strictest policy there is: a new nonce for every answer, 'strict-dynamic', and nothing from anywhere else.
//   node server.mjs [port] [collector]
import { createServer } from 'node:http'
import { randomBytes } from 'node:crypto'

const [port = 8080, collector = 'https://feedback.example.com'] = process.argv.slice(2)

createServer((request, response) => {
  const nonce = randomBytes(16).toString('base64')
  response.setHeader('Content-Type', 'text/html; charset=utf-8')
  response.setHeader('Content-Security-Policy', [
    "default-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    // Scripts of the tag's own come with its nonce. Browsers that do not know 'strict-dynamic' go by the address.
    `script-src 'nonce-${nonce}' 'strict-dynamic' ${collector} 'wasm-unsafe-eval'`,
    `connect-src ${collector}`,
    `frame-src ${collector}`,
    // Only for browsers without constructed style sheets (Safari before 16.4).
    `style-src 'nonce-${nonce}'`,
    "require-trusted-types-for 'script'",
  ].join('; '))
  response.end(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Acme Home</title>
<h1>Acme Home</h1>
<p><a href="${collector}/s/acme" data-sayso-open="complaint">Something went wrong?</a></p>
<script nonce="${nonce}" async src="${collector}/sayso.js" data-site="acme"></script>
</html>`)
}).listen(Number(port), '127.0.0.1', () => console.info(`http://127.0.0.1:${port}`))
