/** A module that never loads to its end in a worker: it waits for what does not come. */
if (Symbol.for('millrace.far') in globalThis) {
  setInterval(() => {}, 1_000_000)
  await new Promise(() => {})
}

export {}
