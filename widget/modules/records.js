// @ts-check
/*
 * The records of the outbox, in IndexedDB: read and changed as a whole, since they are few, and worked on by one page at a time.
 */
const SECOND = 1000
/** Longer than any answer takes. It matters where a page without locks was left in the middle of sending. */
const LEASE = 60 * SECOND
const PATIENCE = 5 * SECOND

/** The records of a site, in the database that the loader deletes when a user has to be forgotten. */
export const records = name => {
  // Opened for each piece of work, so that nobody who wants to delete it has to wait.
  const work = (mode, run) => new Promise((done, fail) => {
    const opening = indexedDB.open(name, 1)
    opening.onupgradeneeded = () => opening.result.createObjectStore('outbox', { keyPath: 'key' })
    opening.onerror = () => fail(opening.error)
    // Some browsers never answer when something is wrong with their storage.
    const patience = setTimeout(fail, PATIENCE)
    opening.onsuccess = () => {
      const database = opening.result
      database.onversionchange = () => database.close()
      const transaction = database.transaction('outbox', mode, { durability: 'strict' })
      const store = transaction.objectStore('outbox')
      let result
      transaction.oncomplete = () => {
        clearTimeout(patience)
        done(result)
      }
      transaction.onabort = () => fail(transaction.error)
      const all = store.getAll()
      all.onsuccess = () => {
        result = run(all.result, store)
        // It closes once the transaction is over.
        database.close()
      }
    }
  })
  /** Lets `run` change the records, and gives what it gave once that is on the disk. */
  const change = run => work('readwrite', run)
  /** Puts what `edit` gives into the place of a record, if that is still there; nothing removes it. */
  const alter = (key, edit) => change((all, store) => {
    const record = all.find(record => record.key == key)
    const next = record && edit(record)
    if (next) store.put(next)
    else store.delete(key)
    return next
  })
  const lease = key => change((all, store) => {
    const record = all.find(record => record.key == key)
    // One that ends later than any could was given before the clock was set back.
    const left = record?.lease - Date.now()
    if (left > 0 && left <= LEASE) return false
    if (record) store.put({ ...record, lease: Date.now() + LEASE })
    return true
  })

  return {
    change,
    alter,
    read: () => work('readonly', all => all),
    find: async key => (await work('readonly', all => all)).find(record => record.key == key),
    /** Runs something for a record while no other page works on it. */
    async alone(key, run) {
      if (navigator.locks) return navigator.locks.request(name + ' ' + key, run)
      // Pages on plain http have no locks: a lease in the record takes their place.
      while (!await lease(key)) await new Promise(next => setTimeout(next, SECOND))
      try {
        return await run()
      } finally {
        await alter(key, record => ({ ...record, lease: 0 }))
      }
    }
  }
}
