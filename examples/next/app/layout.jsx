import { headers } from 'next/headers'
import { Sayso } from '@sayso/react'

export default async function Layout({ children }) {
  // Put there by proxy.js, which also sends the policy.
  const nonce = (await headers()).get('x-nonce') ?? undefined
  return (
    <html lang="en">
      <body>
        {children}
        {/* A client component: it acts in browsers alone, and the widget lives beside <body>, so React never meets it. */}
        <Sayso url="https://feedback.example.com" site="acme" nonce={nonce} />
      </body>
    </html>
  )
}
