// @ts-check
/*
 * The one place that sends a submission and decides what its answer means, for the form and for the outbox. It comes with the outbox, when
 * somebody begins to type.
 */

// What else asks for patience, such as a proxy that names a time of day to a clock that is wrong, is not believed for longer. In seconds.
const LONGEST_WAIT = 3600

// Why a submission failed, by the status of the answer; 0 is none.
const reasons = { 0: 'network', 403: 'origin', 404: 'site', 408: 'network', 409: 'busy', 429: 'busy', 503: 'busy' }
const reasonOf = status => reasons[status] || (status >= 400 && status < 500 ? 'refused' : 'server')

/**
 * Gives the function that sends. That gives the members of the answer, and its `status`, the `reason` if it was no success, the seconds to
 * `wait` before the next try, `errors` as lines of pointer, tab and code, and the names of the files that were `left` out. Files go before it: objects
 * of `name`, `blob` and, once the collector has one, its `id`; `noted` hears of them then, since a repeat has to name the same ones.
 */
export const post = sayso => {
  const sending = async (key, feedback, identity, files, noted, proved, anew) => {
    try {
      let sent, left, attachments
      if (files?.length) {
        const { carry } = await import('./__MODULE_upload__')
        ;({ sent, left } = await carry(sayso, files))
        await noted?.(sent, left)
        attachments = sent.map(({ id }) => id)
      }
      // Token and proof are no part of what makes two submissions equal, and they expire: the newest ones go along.
      // Where the customer has taken it out, there is a null in its place.
      const { identity: omitted, ...said } = JSON.parse(feedback)
      const body = sayso.json({ ...said, attachments, ...omitted === undefined && typeof identity == 'string' && { identity }, proof: await sayso.proof })
      const answering = fetch(sayso.api + '/feedback', {
        method: 'POST',
        credentials: 'omit',
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
        body,
        signal: AbortSignal.timeout?.(30000)
      })
      // The first time of day that a browser writes takes it long. It may do so while the answer is under way, which names one.
      setTimeout(() => sayso.date?.(0))
      const answer = await answering
      const { status, headers } = answer
      const after = headers.get('Retry-After')
      const wait = Math.ceil(+after > 0 ? +after : (Date.parse(after) - Date.now()) / 1000)
      const { errors = [], ...json } = await answer.json().catch(() => ({}))
      const has = (name, value) => errors.some(error => error[name] == value)
      if (has('pointer', '/proof')) {
        if (proved) throw { status: 503 }
        sayso.proof = undefined
        sayso.prove()
        return sending(key, feedback, identity, files, noted, 1, anew)
      }
      // The collector keeps files for a day. What was not accepted with them may name others.
      if (sent && !anew && errors.some(({ pointer }) => pointer?.startsWith('/attachments'))) {
        return sending(key, feedback, identity, files.map(({ name, blob }) => ({ name, blob: blob.slice(0, blob.size, blob.type) })), noted, proved, 1)
      }
      // What was accepted has used it up.
      if (answer.ok) sayso.proof = undefined
      // Only a 201 with a code, and with a link that leads to a page, is a success.
      const accepted = status == 201 && json.code && /^https?:/.test(json.status_url)
      const reason = accepted ? '' : has('code', 'identity_expired') ? 'identity' : reasonOf(status)
      return { ...json, status, reason, left, wait: wait > 0 ? Math.min(wait, LONGEST_WAIT) : reason == 'busy' ? 5 : 0, errors: errors.map(({ pointer, code }) => pointer + '\t' + code).join('\n') }
    } catch ({ status = 0, wait = status && 5 }) {
      sayso.proof = undefined
      return { status, reason: reasonOf(status), wait }
    }
  }
  return sending
}
