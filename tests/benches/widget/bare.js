// Draws a button as the loader draws its own, and does nothing else: what is left of the loader's cost if it had no code.
{
  const host = document.createElement('bare-button')
  const root = host.attachShadow({ mode: 'open' })
  const button = document.createElement('button')
  button.textContent = 'Feedback'
  const sheet = new CSSStyleSheet
  sheet.replaceSync(`:host{all:initial!important;display:contents!important}
button{position:fixed;inset:auto 20px 20px auto;display:flex;align-items:center;gap:8px;min-height:48px;border:1px solid #0000;border-radius:24px;padding:0 20px;background:#0d5757;color:#fff;font:600 16px system-ui;box-shadow:0 4px 20px #0004}
button:before{content:"";width:20px;height:20px;border-radius:50% 50% 50% 0;background:currentColor}`)
  root.adoptedStyleSheets.push(sheet)
  root.append(button)
  document.documentElement.append(host)
}
