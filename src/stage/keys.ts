/**
 * The state of a stage: one for each key, never one for each worker.
 *
 * Items of one key are handled one after another: the first has the key, the others wait in line.
 */
import type { Work } from './work.ts'

export class KeyState {
  readonly key: string | number | undefined
  /** Which worker handles the items of this key. */
  readonly worker: number
  /** Sequence of the item with which the key appeared: `flush` goes by it. */
  since: number
  state: unknown = undefined
  started = false
  /** The item that has the key. */
  busy: Work | undefined = undefined
  /** Items of the key that wait for it, in order. */
  readonly line: Work[] = []
  /** What `snapshot` gave after the last item. */
  saved: unknown = undefined
  isSaved = false

  constructor(key: string | number | undefined, worker: number, since: number) {
    this.key = key
    this.worker = worker
    this.since = since
  }

  /** State is gone; the next item starts anew. */
  clear(): void {
    this.state = undefined
    this.started = false
    this.saved = undefined
    this.isSaved = false
  }
}

export class Keys {
  readonly #states = new Map<string | number | undefined, KeyState>()
  readonly #workers: number

  constructor(workers: number) {
    this.#workers = Math.max(1, workers)
  }

  /** The state of `key`, which appears with item `sequence` if it is new. */
  of(key: string | number | undefined, sequence: number): KeyState {
    const known = this.#states.get(key)
    if (known) return known
    const state = new KeyState(key, ownerOf(key, this.#workers), sequence)
    this.#states.set(key, state)
    return state
  }

  /** Drops the state of a key. Items that wait for the key begin it anew. */
  forget(state: KeyState): void {
    const next = state.busy ?? state.line[0]
    state.clear()
    if (next) state.since = next.sequence
    else this.#states.delete(state.key)
  }

  /** In the order of first appearance. */
  inOrder(): KeyState[] {
    return [...this.#states.values()].sort((a, b) => a.since - b.since)
  }

  /** Those that a worker handles. */
  ownedBy(worker: number): KeyState[] {
    return [...this.#states.values()].filter(state => state.worker === worker)
  }
}

/** Which of `workers` handles a key: FNV-1a of its text, so that the same key always meets the same worker. */
function ownerOf(key: string | number | undefined, workers: number): number {
  if (workers === 1) return 0
  const text = String(key)
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % workers
}
