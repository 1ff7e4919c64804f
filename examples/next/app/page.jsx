export default function Page() {
  // Rendered by the server, and useful before any script has run: with the widget the same link opens the form on this page.
  return (
    <main>
      <h1>Acme Home</h1>
      <a href="https://feedback.example.com/s/acme" data-sayso-open="complaint">Something went wrong?</a>
    </main>
  )
}
