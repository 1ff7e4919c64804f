// A page whose policy names every script by its hash, and each file with its integrity, from what this has printed:
//   sayso site snippet acme --pinned > snippet.txt
//   node hashes.mjs [port] [snippet.txt]
// It belongs to one version of the collector: after an upgrade, print it anew.
import { createServer } from 'node:http'
import { readFileSync } from 'node:fs'

const [port = 8080, file = 'snippet.txt'] = process.argv.slice(2)
const lines = readFileSync(file, 'utf8').split('\n')
// The import map, and below it the tag.
const scripts = lines.filter(line => line.startsWith('<script'))
const sources = lines.filter(line => /^(connect|frame)-src .*;$/.test(line)).map(line => line.slice(0, -1))
const hashes = lines.find(line => line.startsWith("script-src '"))
const policy = ["default-src 'none'", "base-uri 'none'", "form-action 'none'", hashes, ...sources].join('; ')

createServer((request, response) => {
  response.setHeader('Content-Type', 'text/html; charset=utf-8')
  response.setHeader('Content-Security-Policy', policy)
  response.end(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Acme Home</title>
<h1>Acme Home</h1>
${scripts.join('\n')}
</html>`)
}).listen(Number(port), '127.0.0.1', () => console.info(`http://127.0.0.1:${port}`))
