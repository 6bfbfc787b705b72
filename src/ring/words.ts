/**
 * Memory that threads share, as 32-bit words, by intent.
 *
 *     get  set             plain: words of which one is the only writer, or that a claim keeps still
 *     load store swap      ordered: one global order for all of them, and for what was set before
 *     wait notify          sleep while a word has a value; wake those who do
 *
 * Everything in this folder reaches memory through this interface and keeps nothing else from one call to the next. So
 * the explorer (test/ring/explorer.ts) can put its own memory here, stop a thread before any access, and let it die there.
 */
export interface Words {
  get(at: number): number
  set(at: number, value: number): void
  load(at: number): number
  store(at: number, value: number): void
  /** Compare-and-swap: true, and the word is `to`; or false, because it was not `from`. */
  swap(at: number, from: number, to: number): boolean
  /** Blocks for at most `millis` while the word is `value`. It may end early: look again. */
  wait(at: number, value: number, millis: number): void
  notify(at: number): void
}

export class SharedWords implements Words {
  readonly #array: Int32Array

  constructor(memory: SharedArrayBuffer) {
    this.#array = new Int32Array(memory)
  }

  get(at: number): number {
    return this.#array[at]!
  }

  set(at: number, value: number): void {
    this.#array[at] = value
  }

  load(at: number): number {
    return Atomics.load(this.#array, at)
  }

  store(at: number, value: number): void {
    Atomics.store(this.#array, at, value)
  }

  swap(at: number, from: number, to: number): boolean {
    return Atomics.compareExchange(this.#array, at, from, to) === from
  }

  wait(at: number, value: number, millis: number): void {
    Atomics.wait(this.#array, at, value, millis)
  }

  notify(at: number): void {
    Atomics.notify(this.#array, at)
  }

  /**
   * For threads that must not block: resolves when those who wait here are notified. Undefined: the word is not `value`.
   *
   * It holds no process alive: whoever waits keeps a handle (facts of Node: `Atomics.waitAsync` alone lets it end).
   */
  waitAsync(at: number, value: number): Promise<unknown> | undefined {
    const waited = (Atomics as unknown as WaitsAsync).waitAsync(this.#array, at, value)
    return waited.async ? waited.value : undefined
  }
}

/** In Node since version 16, in TypeScript's library since es2024. */
interface WaitsAsync {
  waitAsync(
    array: Int32Array,
    at: number,
    value: number,
  ): { async: true; value: Promise<string> } | { async: false; value: string }
}
