// @ts-check
/*
 * The outbox: what the customer has sent waits here, with its key and its body, until the collector has answered. The form fetches it
 * when somebody types, the loader when something waits. `sayso.post` (post.js) does the sending for all of them.
 *
 * Invariants:
 * - What is in it is on the disk before it is sent, always under the same key with the same body, and by one page at a time.
 * - It leaves by a 201, by the customer's hand, or with its user (`identify(null)`: the loader deletes the whole database).
 * - Nobody is told that something arrived before a 201 has said so.
 */
import { post } from './__MODULE_post__'
import { records } from './__MODULE_records__'
import { waiting } from './__MODULE_waiting__'

const SECOND = 1000
/** The collector knows a key for seven days. A day before that it is no longer safe to repeat. */
const LIFE = 6 * 24 * 3600 * SECOND
/** How long a text that has arrived is recognised when another page, which still shows it, sends it again. */
const MEMORY = 3600 * SECOND
const FIRST_PAUSE = 5 * SECOND
const LONGEST_PAUSE = 600 * SECOND
/** How far a clock may be set back without anybody minding. */
const SLACK = 5 * SECOND

/** A number for what a body says, wherever and whenever it was sent. FNV-1a is enough, since the draft must be the same too. */
const digest = body => {
  const { composed_at, page, locale, context, ...said } = JSON.parse(body)
  return [...JSON.stringify(said)].reduce((sum, letter) => Math.imul(sum ^ letter.codePointAt(0), 16777619), 2166136261)
}

const isExpired = ({ at }) => Date.now() - at > LIFE
/** `sent`, `refused`, `expired` or `waiting`. */
const stateOf = record => record.code ? 'sent' : record.refused ? 'refused' : isExpired(record) ? 'expired' : 'waiting'

/** Starts the outbox of a page; nothing where the browser has no database for it. */
export const outbox = async sayso => {
  sayso.post ||= post(sayso)
  const { signal, listen, emit, who } = sayso
  const name = 'sayso:' + sayso.site
  const flag = name + ':waiting'
  const { change, alter, read, find, alone } = records(name)
  /** What this page has tried: a new page is a reason to try at once. */
  const tried = new Set
  /** What is on its way. */
  const sending = new Set
  /** What the form is waiting for, and so is for the form to tell. */
  const inForm = new Set
  /** The files of what the form is sending, which are on their way already. What the disk gives back are others with the same bytes. */
  const live = new Map
  let timer, pumping

  /** Whether it is of somebody else than who is here. What was sent under a token waits for a token of the same user. */
  const isForeign = record => record.who && record.who != who() && (sayso.identity || record.who.startsWith('token'))
  const isOpen = record => stateOf(record) == 'waiting' && !isForeign(record)
  /** Whether its times were set before the clock was set back: then nobody knows how long they are still to come. */
  const isAhead = ({ since }) => since - Date.now() > SLACK
  /** When the collector allows it; never with a token that has expired. */
  const allowed = record => record.token && record.token == sayso.identity ? Infinity : isAhead(record) ? 0 : record.wait
  /** When it may be tried without anybody asking for it. */
  const due = record => Math.max(allowed(record), tried.has(record.key) && !isAhead(record) ? record.next : 0)

  /** Writes the flag for the loader, which says whose draft is here and so is none any more. It throws where nothing can be kept. */
  const mark = async () => {
    const drafts = (await read()).filter(record => !record.seen).map(({ draft, key }) => draft || key)
    if (drafts[0]) localStorage[flag] = drafts.join(' ')
    else localStorage.removeItem(flag)
  }

  // Other pages of this website show the same records.
  const channel = window.BroadcastChannel && new BroadcastChannel(name)
  /** Something has changed; with `reveal`, what the customer should see now. */
  const changed = async reveal => {
    await mark().catch(() => {})
    await screen.draw(reveal)
    schedule()
  }
  const tell = reveal => {
    if (!signal.aborted) channel?.postMessage(0)
    return changed(reveal)
  }

  /** What a record becomes by an answer. */
  const settled = (record, { status, reason, wait, errors, code, status_url, promise }, token) => {
    const { key, draft, said, who, kind, at, tries, left } = record
    if (!reason) return { key, draft, said, who, kind, at, code, status_url, promise, left, arrived: Date.now() }
    // Not all at once when the collector is back.
    const pause = Math.min(FIRST_PAUSE * 2 ** tries, LONGEST_PAUSE) * (.75 + Math.random() / 2)
    return {
      ...record,
      status,
      reason,
      errors,
      tries: tries + 1,
      since: Date.now(),
      next: Date.now() + pause,
      wait: Date.now() + wait * SECOND,
      // The page will have a new one some time.
      token: reason == 'identity' && token,
      refused: ['origin', 'site', 'refused'].includes(reason)
    }
  }

  /** Tries to send a record. Gives it as it is then, or nothing if it has been forgotten, and whether this was what sent it. */
  const attempt = key => alone(key, async () => {
    const record = await find(key)
    if (!record || !isOpen(record) || signal.aborted) return { record }
    tried.add(key)
    sending.add(key)
    screen.draw()
    // The newest token goes along, but only with what its user has written.
    const token = record.who ? sayso.identity : undefined
    // What was left out at an earlier try is so at the next.
    const noted = (files, left) => alter(key, record => ({ ...record, files, left: [...new Set([...record.left || [], ...left])] }))
    const answer = await sayso.post(key, record.body, token, live.get(key) ?? record.files, noted)
    sending.delete(key)
    return { record: await alter(key, record => settled(record, answer, token)), fresh: true }
  })
  /** The same in the background, where the page hears of it from here. */
  const deliver = async key => {
    const { record, fresh } = await attempt(key)
    const { code, status_url, kind } = record || {}
    if (fresh && code && !signal.aborted) emit('submitted', { code, status_url, kind })
    await tell(code && !sayso.draft)
  }

  /** Sends what is due, one after the other. */
  const pump = async () => {
    if (pumping) return
    pumping = true
    try {
      for (const record of await read()) {
        const { key } = record
        if (isOpen(record) && !inForm.has(key) && navigator.onLine && due(record) <= Date.now()) await deliver(key)
      }
    } finally {
      pumping = false
      schedule()
    }
  }
  const wake = () => pump().catch(() => {})
  /** Comes back when the next one is due; without a network, when there is one. */
  const schedule = async () => {
    const open = (await read().catch(() => [])).filter(record => isOpen(record) && !inForm.has(record.key))
    const soonest = Math.min(...open.map(due)) - Date.now()
    clearTimeout(timer)
    if (soonest < Infinity && navigator.onLine && !signal.aborted) {
      timer = setTimeout(wake, Math.min(Math.max(soonest, SECOND / 4), LONGEST_PAUSE))
    }
  }

  /** Takes a body in, with its flag, and gives the record that counts: the same text of the same draft is one submission. */
  const take = async (key, body, more) => {
    const record = await change((all, store) => {
      const { draft } = sayso
      const said = digest(body)
      const { kind, composed_at } = JSON.parse(body)
      for (const known of all) {
        if (known.draft != draft || known.said != said) continue
        if (known.code || isOpen(known)) return known
        store.delete(known.key)
      }
      const record = { key, body, kind, draft, said, who: who(), at: Date.parse(composed_at), tries: 0, next: 0, wait: 0, ...more }
      store.put(record)
      return record
    })
    try {
      await mark()
    } catch (why) {
      await alter(record.key, () => {})
      throw why
    }
    return record
  }
  /** It stays here; the page and the customer hear so. */
  const kept = async ({ key, status, reason, kind }) => {
    tried.add(key)
    // The form empties itself when it hears so.
    sayso.draft = 0
    emit('error', { status, type: reason })
    emit('queued', { kind })
    await tell(true)
    return { kept: true }
  }

  /** Sends what is in the form. What fails for now is kept; everything else is for the form to show. */
  const send = async (key, body, files) => {
    let record, id
    // Before it is there, since it would be drawn as one that waits.
    inForm.add(key)
    try {
      try {
        record = await take(key, body, { files })
      } catch {
        // Full or denied: as if there were no outbox.
        return sayso.post(key, body, sayso.identity, files)
      }
      id = record.key
      inForm.add(id)
      live.set(id, files)
      if (!record.code) record = (await attempt(id)).record
    } finally {
      inForm.delete(key)
      inForm.delete(id)
      live.delete(id)
    }
    if (!record) return { status: 0, reason: 'network' }
    const { status, reason, errors, code, status_url, promise, left } = record
    if (!code && isOpen(record) && reason != 'identity') return kept(record)
    await alter(id, record => code && { ...record, seen: true })
    await tell()
    return { status, reason, errors, code, status_url, promise, left }
  }

  const api = {
    send,
    /** Keeps what has failed in the form, because the customer has asked for it. */
    keep: async (key, body, reason, wait, files) => {
      const now = Date.now()
      const more = { files, status: 0, reason, tries: 1, since: now, next: now + FIRST_PAUSE, wait: now + wait * SECOND }
      return take(key, body, more).then(kept, () => ({}))
    },
    /** The page has said who its user is, or that there is none any more. */
    meet: () => tell().then(wake),
    /** What the customer may see and the form doesn't show, in the order of writing. */
    visible: async () => {
      const shown = (await read()).filter(record => !record.seen && !inForm.has(record.key) && !isForeign(record))
      return shown.sort((one, other) => one.at - other.at)
    },
    stateOf,
    sending,
    allowed,
    due,
    deliver,
    /** Gives a text back to the form, and lets go of it once the form has it; not at all if it has arrived in the meantime. */
    giveBack: key => alone(key, async () => {
      const record = await find(key)
      if (!record || record.code || sayso.draft) return
      const { contact, ...feedback } = JSON.parse(record.body)
      sayso.give({ ...feedback, ...contact }, record.files)
      await alter(key, () => {})
    }).then(() => tell()),
    /** Removes a record for good; what has arrived in the meantime only when its code has been seen. */
    remove: (key, state) => alone(key, () => alter(key, record => stateOf(record) != state && record)).then(() => tell())
  }
  const screen = waiting(sayso, api)
  api.open = screen.open
  api.draw = screen.draw

  try {
    await change((all, store) => {
      for (const { key, at, body, code, arrived, seen } of all) {
        const isOver = code ? !(Date.now() - arrived < (seen ? MEMORY : LIFE)) : !(body && at)
        if (isOver) store.delete(key)
      }
    })
  } catch {
    return
  }
  listen(window, 'online', () => {
    tried.clear()
    wake()
  })
  listen(window, 'offline', () => screen.draw())
  listen(document, 'visibilitychange', () => document.hidden || wake())
  if (channel) listen(channel, 'message', () => changed())
  // Not by listen(): what ends with the signal is gone before the signal tells of it.
  signal.addEventListener('abort', () => {
    clearTimeout(timer)
    channel?.close()
  })
  changed().then(wake)
  return api
}
