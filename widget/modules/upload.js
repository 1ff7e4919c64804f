// @ts-check
/*
 * Sends files to the collector, before the message that they belong to: for the list of files, and for what waits in the outbox.
 *
 * Invariant: it always ends, so that no message waits for its files for good.
 */

/** How long nothing may move before a file counts as one that the network has lost. */
const STILL = 30000

/** Why a file was not taken, by the status of the answer; of the others the collector is at fault. */
const reasons = { 0: 'network', 403: 'network', 404: 'network', 408: 'network', 413: 'large', 422: 'type', 429: 'busy', 503: 'busy' }

/** What became of each file that was sent, or is on its way. */
const known = new WeakMap

/** Gives the functions that send a file, and that stop sending it. */
export const upload = sayso => {
  const send = (entry, blob, name, proof) => new Promise(done => {
    // fetch() does not tell how far it is.
    const request = entry.request = new XMLHttpRequest
    const form = new FormData
    form.append('file', blob, name)
    request.open('POST', sayso.api + '/attachments')
    if (proof) request.setRequestHeader('Sayso-Proof', proof)
    let timer
    const wait = () => {
      clearTimeout(timer)
      timer = setTimeout(() => request.abort(), STILL)
    }
    request.upload.onprogress = ({ loaded, total }) => {
      wait()
      entry.progress?.(loaded / total)
    }
    request.onloadend = () => {
      clearTimeout(timer)
      let json = {}
      try {
        json = JSON.parse(request.responseText)
      } catch {}
      done({ ...json, status: entry.cancelled ? -1 : request.status })
    }
    wait()
    request.send(form)
  })
  const run = async (entry, blob, name) => {
    let answer = await send(entry, blob, name)
    if (answer.status == 422 && answer.errors?.some(({ pointer }) => pointer == '/proof')) {
      // Where there is little room left, some work is asked for.
      sayso.prove()
      answer = await send(entry, blob, name, await sayso.proof)
      sayso.proof = undefined
    }
    const { status, id, errors } = answer
    if (status == 201 && id) return { id }
    known.delete(blob)
    if (status < 0) return { reason: 'cancelled' }
    if (status == 422 && errors?.some(({ code }) => code == 'required')) return { reason: 'empty' }
    // A file that has vanished since fails as a connection does.
    if (!status && !await blob.slice(0, 1).arrayBuffer().then(() => 1, () => 0)) return { reason: 'gone' }
    return { reason: reasons[status] || 'server' }
  }
  return {
    /** Sends a file once: whoever asks again for the same one gets what came of it. It never fails. */
    upload(blob, name, progress) {
      let entry = known.get(blob)
      if (!entry) {
        known.set(blob, entry = {})
        entry.done = run(entry, blob, name).catch(() => ({ reason: 'server' }))
      }
      entry.progress = progress || entry.progress
      return entry.done
    },
    cancel(blob) {
      const entry = known.get(blob)
      known.delete(blob)
      if (entry) entry.cancelled = 1
      entry?.request.abort()
    }
  }
}

/**
 * Sends what has not been sent of some files, and gives those that the collector has, as `sent` with their identifiers. What it will never take is
 * `left` out, by its name, since the words count more. It throws where the collector can't be reached.
 */
export const carry = async (sayso, files) => {
  const { upload: one } = upload(sayso)
  const answers = await Promise.all(files.map(file => file.id ? file : one(file.blob, file.name)))
  const failed = answers.find(({ reason }) => ['network', 'busy', 'server'].includes(reason))
  if (failed) throw { status: { busy: 503, server: 500 }[failed.reason] || 0 }
  const sent = files.map(({ name, blob }, index) => ({ name, blob, id: answers[index].id }))
  return { sent: sent.filter(({ id }) => id), left: sent.filter(({ id }) => !id).map(({ name }) => name) }
}

/** Says which files did not go along; nothing where all did. */
export const leftOut = async (sayso, names) => {
  if (!names?.[0]) return ''
  const { files_left } = await sayso.texts('companion-')
  return files_left.replace('{names}', () => new Intl.ListFormat(sayso.lang).format(names))
}
