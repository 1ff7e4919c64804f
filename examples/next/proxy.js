import { NextResponse } from 'next/server'

/** A strict policy with a new nonce for each page. Until Next.js 15 this file is called middleware.js, and the function middleware. */
export function proxy(request) {
  const nonce = crypto.randomUUID()
  const collector = 'https://feedback.example.com'
  const policy = [
    "default-src 'self'",
    `script-src 'nonce-${nonce}' 'strict-dynamic' 'wasm-unsafe-eval'`,
    `connect-src 'self' ${collector}`,
    `frame-src ${collector}`,
    "base-uri 'none'",
    "object-src 'none'",
  ].join('; ')
  const forwarded = new Headers(request.headers)
  forwarded.set('x-nonce', nonce)
  forwarded.set('content-security-policy', policy)
  const answer = NextResponse.next({ request: { headers: forwarded } })
  answer.headers.set('content-security-policy', policy)
  return answer
}
