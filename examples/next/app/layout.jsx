import { headers } from 'next/headers'
import Script from 'next/script'

export default async function Layout({ children }) {
  // Put there by proxy.js, which also sends the policy.
  const nonce = (await headers()).get('x-nonce') ?? undefined
  return (
    <html lang="en">
      <body>
        {children}
        {/* After hydration; the widget lives beside <body>, so React never meets it. */}
        <Script
          src="https://feedback.example.com/sayso.js"
          strategy="afterInteractive"
          nonce={nonce}
          data-site="acme"
        />
      </body>
    </html>
  )
}
