import { useState } from 'react'
import { Sayso } from './Sayso.jsx'

export function App() {
  const [user, setUser] = useState(null)
  return (
    <main>
      <h1>Acme Home</h1>
      {/* Any element opens the form, whenever it was rendered. */}
      <button type="button" data-sayso-open="complaint">Something went wrong?</button>
      <button type="button" onClick={() => setUser(user ? null : { name: 'Li Lei', email: 'li.lei@example.com' })}>
        {user ? 'Sign out' : 'Sign in'}
      </button>
      <Sayso collector="https://feedback.example.com" site="acme" user={user} />
    </main>
  )
}
