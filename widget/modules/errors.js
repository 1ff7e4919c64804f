// @ts-check
/*
 * Notes what goes wrong on the page, for a complaint that may follow: errors, and requests that fail. It is in memory alone, and goes nowhere unless
 * somebody sends feedback, who sees it before (`along.js`). Fetched only where the tag has `data-errors`.
 *
 * Invariant: the page does not notice. Nothing here throws, and what the page calls gives what it gave.
 */
const MOST = 20
/** With its time and how often it was, an entry is not longer than 300. */
const LONGEST = 280
/** Of an address the beginning says where it leads. */
const ADDRESS = 200

/** An address without what stands in it for one visitor: who signs in, the values of its parameters, the fragment. */
const shorten = address => {
  const url = new URL(address, document.baseURI)
  if (!/^http/.test(url.protocol)) return url.protocol
  const search = url.search.replace(/([^?&=]+)(=?)[^&]*/g, (_, name, is) => is ? name + '=***' : '***')
  return (url.origin + url.pathname + search).slice(0, ADDRESS)
}

/** What is said of a value. No code of the page runs for it, so of objects only errors say something. */
const say = value => {
  if (value instanceof Error) return value.name + ': ' + value.message
  return Object(value) === value ? '[' + typeof value + ']' : String(value)
}

/** Begins to note. */
export const errors = sayso => {
  const { base, signal } = sayso
  const noted = sayso.errors = []
  let id = 0
  const note = text => {
    if (signal.aborted) return
    text = text.replace(/\s+/g, ' ').slice(0, LONGEST)
    const last = noted.at(-1)
    const at = new Date().toISOString().slice(11, 19)
    // What fails again and again is one thing, and keeps its place for others.
    if (last?.text == text) Object.assign(last, { at, times: last.times + 1 })
    else noted.push({ id: ++id, at, text, times: 1, who: sayso.identity })
    if (noted.length > MOST) noted.shift()
    sayso.noticed?.()
  }
  /** Does it, and keeps to itself what goes wrong with that. */
  const quietly = run => {
    try {
      run()
    } catch {}
  }
  const request = (method, address, outcome) => quietly(() => {
    // Our own are told where they are shown.
    if (!new URL(address, document.baseURI).href.startsWith(base + '/')) note(`${String(method).toUpperCase()} ${outcome} ${shorten(address)}`)
  })
  /** Puts a function in the place of another that does the same, and looks on. */
  const watch = (owner, name, apply) => quietly(() => {
    const real = owner[name]
    const mine = owner[name] = new Proxy(real, { apply })
    // Where another one stands before it by then, it stays and only hands on.
    signal.addEventListener('abort', () => quietly(() => owner[name] == mine && (owner[name] = real)))
  })

  addEventListener('error', ({ message, filename, lineno, colno }) => quietly(() => {
    if (message) note(message + (filename ? ` (${shorten(filename)}:${lineno}:${colno})` : ''))
  }), { signal })
  addEventListener('unhandledrejection', ({ reason }) => quietly(() => note('Unhandled rejection: ' + say(reason))), { signal })
  watch(console, 'error', (real, self, values) => {
    quietly(() => note(values.map(say).join(' ')))
    return Reflect.apply(real, self, values)
  })

  watch(window, 'fetch', (real, self, values) => {
    const answer = Reflect.apply(real, self, values)
    let method, address
    quietly(() => {
      const [input, init] = values
      const asked = input instanceof Request ? input : {}
      method = init?.method || asked.method || 'GET'
      address = asked.url || String(input)
    })
    if (!address) return answer
    const heard = response => quietly(() => response.status >= 400 && request(method, address, response.status))
    // Whoever has ended it knows.
    const failed = why => quietly(() => why?.name == 'AbortError' || request(method, address, 'failed'))
    // The page gets a promise that is kept or broken as the first one, so that one that nobody catches is still told of as such.
    if (Object.getPrototypeOf(answer) == Promise.prototype) {
      return answer.then(response => {
        heard(response)
        return response
      }, why => {
        failed(why)
        throw why
      })
    }
    quietly(() => answer.then(heard, failed))
    return answer
  })

  const opened = new WeakMap
  quietly(() => {
    const { prototype } = XMLHttpRequest
    watch(prototype, 'open', (real, self, values) => {
      quietly(() => opened.set(self, values))
      return Reflect.apply(real, self, values)
    })
    watch(prototype, 'send', (real, self, values) => {
      quietly(() => {
        const [method, address] = opened.get(self)
        const once = { once: true, signal }
        self.addEventListener('load', () => self.status >= 400 && request(method, address, self.status), once)
        for (const name of ['error', 'timeout']) self.addEventListener(name, () => request(method, address, 'failed'), once)
      })
      return Reflect.apply(real, self, values)
    })
  })
}
