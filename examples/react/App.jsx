import { useState } from 'react'
import { Sayso, useSayso } from '@sayso/react'

export function App() {
  const [user, setUser] = useState(null)
  const [code, setCode] = useState('')
  const sayso = useSayso()
  return (
    <main>
      <h1>Acme Home</h1>
      {/* Any element opens the form, whenever it was rendered. */}
      <button type="button" data-sayso-open="complaint">Something went wrong?</button>
      <button type="button" onClick={() => sayso.open({ kind: 'question' })}>Ask us</button>
      {/* A token that your server signed makes them a verified customer; what is here fills in the contact. */}
      <button type="button" onClick={() => setUser(user ? null : { name: 'Li Lei', email: 'li.lei@example.com' })}>
        {user ? 'Sign out' : 'Sign in'}
      </button>
      <p role="status">{code && `Thank you: ${code}`}</p>
      <Sayso url="https://feedback.example.com" site="acme" user={user} onSubmitted={({ detail }) => setCode(detail.code)} />
    </main>
  )
}
