import { SaysoFeedback } from '@sayso/react'
import './feedback.css'

export default function Page() {
  // The form in the flow of the page; the link is there until it comes, and where it never does.
  return (
    <main>
      <h1>Tell us</h1>
      <SaysoFeedback className="feedback" kind="suggestion">
        <a href="https://feedback.example.com/s/acme">What could be better?</a>
      </SaysoFeedback>
    </main>
  )
}
