import { afterNextRender, Component, DestroyRef, effect, inject, signal } from '@angular/core'
import { mount, on, open, type Identity, type Mounted } from '@sayso/widget'

@Component({
  selector: 'app-root',
  template: `
    <main>
      <h1>Acme Home</h1>
      <!-- Any element opens the form, whenever it was rendered. -->
      <button type="button" data-sayso-open="complaint">Something went wrong?</button>
      <button type="button" (click)="ask()">Ask us</button>
      <button type="button" (click)="sign()">{{ user() ? 'Sign out' : 'Sign in' }}</button>
      <p role="status">{{ code() && 'Thank you: ' + code() }}</p>
    </main>
  `,
})
export class App {
  readonly user = signal<Identity | null>(null)
  readonly code = signal('')
  private readonly sayso = signal<Mounted | undefined>(undefined)

  constructor() {
    // In browsers alone, should a server render this too.
    afterNextRender(() => this.sayso.set(mount({ url: 'https://feedback.example.com', site: 'acme' })))
    effect(() => this.sayso()?.update({ user: this.user() }))
    const end = on('submitted', ({ detail }) => this.code.set(detail.code))
    inject(DestroyRef).onDestroy(() => {
      end()
      this.sayso()?.unmount()
    })
  }

  ask() {
    open({ kind: 'question' })
  }

  sign() {
    // A token that your server signed makes them a verified customer; what is here fills in the contact.
    this.user.update(user => user ? null : { name: 'Li Lei', email: 'li.lei@example.com' })
  }
}
