// @ts-check
/*
 * Proof of work, fetched only where a site is so busy that it asks for one. It finds the number of a challenge of ALTCHA, version 2,
 * in slices that nobody who types notices, in plain JavaScript: pages on plain http have no SubtleCrypto, which for hashes of one block
 * would be slower besides, and a strict policy allows no worker from another origin.
 */

/** Milliseconds of work between two moments for the page: half a frame. */
const SLICE = 8
/** Numbers tried between two looks at the clock. */
const ROUND = 64

// The constants of SHA-256: the first 32 bits of the fractional parts of the roots of the first primes.
const fraction = root => (root % 1) * 2 ** 32 | 0
const primes = []
for (let number = 2; primes.length < 64; number++) if (primes.every(prime => number % prime)) primes.push(number)
const start = primes.slice(0, 8).map(prime => fraction(prime ** .5))
const rounds = Int32Array.from(primes, prime => fraction(prime ** (1 / 3)))
const schedule = new Int32Array(64)

/** Hashes the block of 16 words at the beginning of the schedule into `state`. */
const hash = state => {
  for (let i = 16; i < 64; i++) {
    const x = schedule[i - 15]
    const y = schedule[i - 2]
    const low = (x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3
    const high = (y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10
    schedule[i] = schedule[i - 16] + low + schedule[i - 7] + high | 0
  }
  let [a, b, c, d, e, f, g, h] = start
  for (let i = 0; i < 64; i++) {
    const high = (e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)
    const one = h + high + (e & f ^ ~e & g) + rounds[i] + schedule[i] | 0
    const low = (a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)
    const two = low + (a & b ^ a & c ^ b & c) | 0
    h = g
    g = f
    f = e
    e = d + one | 0
    d = c
    c = b
    b = a
    a = one + two | 0
  }
  const words = [a, b, c, d, e, f, g, h]
  for (let i = 0; i < 8; i++) state[i] = words[i] + start[i] | 0
}

const words = hex => hex.match(/.{8}/g).map(word => parseInt(word, 16) | 0)
const hex = state => Array.from(state, word => (word >>> 0).toString(16).padStart(8, '0')).join('')

/** Asks for a challenge and gives the proof that it was solved; throws `{status, wait}` when there is none to be had or wanted. */
export const solve = async (address, signal) => {
  const answer = await fetch(address, { credentials: 'omit', signal: AbortSignal.any?.([signal, AbortSignal.timeout(30000)]) || signal })
  if (!answer.ok) throw { status: answer.status, wait: parseInt(answer.headers.get('Retry-After')) || 5 }
  const challenge = await answer.json()
  const { salt, nonce, keyPrefix } = challenge.parameters
  // Salt, nonce and number are 36 bytes: with the end mark and the length one block, of which only the number changes.
  const block = [...words(salt), ...words(nonce), 0, 1 << 31, 0, 0, 0, 0, 0, 36 * 8]
  const [first] = words(keyPrefix)
  const state = new Int32Array(8)
  for (let counter = 0; ;) {
    const until = performance.now() + SLICE
    do {
      for (const end = counter + ROUND; counter < end; counter++) {
        schedule.set(block)
        schedule[8] = counter
        hash(state)
        if (state[0] == first && hex(state).startsWith(keyPrefix)) {
          return btoa(JSON.stringify({ challenge, solution: { counter, derivedKey: hex(state) } }))
        }
      }
    } while (performance.now() < until)
    await new Promise(next => setTimeout(next))
    if (signal.aborted) throw { status: 0 }
  }
}
