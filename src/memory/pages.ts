/**
 * Who holds what of the memory that threads share: a table beside it, shared as well.
 *
 *     pages      [ 0 ][ 1 ][ 2 ][ 3 ][ 4 ][ 5 ] …       a segment is a run of them, known by its first
 *     length       2    ·    3    ·    ·    0           pages of the segment that begins here; 0: none does
 *     row 0      version · holds of column 0 · of 1 …   a segment is free once all its holds are 0
 *
 * A column is somebody who may hold: a thread, or what is on its way to one. When a thread has exited its columns are emptied by
 * whoever started it, so a death takes nothing along.
 *
 * Invariants: only who holds a segment adds a hold for another, and counts the new one before it drops its own. Only whoever has
 * the latch claims; it is never waited for, so a thread that died with it costs others a copy until it is settled, and no more.
 */
const LATCH = 0 // column + 1 of who claims; 0: nobody
const WANTED = 1 // counts the times at which memory ran short
const HIGH = 2 // columns that were ever used
const OWNERS = 8 // a word for each column: 0 while it is free, then 2 + the column that started it; 1: of the first thread

/** How often a claimant looks again at a latch that is taken. */
const patience = 1_000

export class Pages {
  readonly control: SharedArrayBuffer
  readonly pages: number
  readonly columns: number
  readonly #words: Int32Array
  readonly #lengths: number
  readonly #rows: number

  static make(pages: number, columns: number): Pages {
    return new Pages(new SharedArrayBuffer(4 * (OWNERS + columns + pages + pages * (columns + 1))), pages, columns)
  }

  constructor(control: SharedArrayBuffer, pages: number, columns: number) {
    this.control = control
    this.pages = pages
    this.columns = columns
    this.#words = new Int32Array(control)
    this.#lengths = OWNERS + columns
    this.#rows = this.#lengths + pages
  }

  /* ── columns ───────────────────────────────────────────────────────────── */

  /** A column that nobody has, for what `parent` starts. Undefined: all are taken. */
  enter(parent = -1): number | undefined {
    for (let column = 0; column < this.columns; column++) {
      if (Atomics.compareExchange(this.#words, OWNERS + column, 0, parent + 2) !== 0) continue
      for (let high = this.#get(HIGH); high <= column; high = this.#get(HIGH)) {
        Atomics.compareExchange(this.#words, HIGH, high, column + 1)
      }
      return column
    }
    return undefined
  }

  /** Whoever had the column is gone, with all that it had started: they hold nothing any more, and others may have theirs. */
  leave(column: number): void {
    Atomics.compareExchange(this.#words, LATCH, column + 1, 0)
    for (let page = 0; page < this.pages; page++) {
      if (this.length(page) > 0) Atomics.store(this.#words, this.#cell(page, column), 0)
    }
    for (let child = 0; child < this.columns; child++) {
      if (this.#get(OWNERS + child) === column + 2) this.leave(child)
    }
    Atomics.store(this.#words, OWNERS + column, 0)
  }

  /** How many columns are taken. */
  taken(): number {
    let taken = 0
    for (let column = 0; column < this.columns; column++) if (this.#get(OWNERS + column) !== 0) taken++
    return taken
  }

  /* ── segments ──────────────────────────────────────────────────────────── */

  /** Pages of the segment that begins at `page`; 0 where none does. */
  length(page: number): number {
    return page < this.pages ? this.#get(this.#lengths + page) : 0
  }

  /**
   * The first free run of so many pages, as a segment that `holder` holds once; `claimant` is a column of this thread.
   * Undefined: there is none, or somebody else is at it.
   */
  claim(count: number, holder: number, claimant: number): number | undefined {
    if (!this.#latch(claimant + 1)) return undefined
    const start = this.#free(count)
    if (start !== undefined) {
      // Without a hold it is free: if this thread ends here, nothing was done.
      for (let page = start + 1; page < start + count; page++) {
        if (this.length(page) > 0) Atomics.store(this.#words, this.#lengths + page, 0)
      }
      Atomics.store(this.#words, this.#lengths + start, count)
      Atomics.store(this.#words, this.#cell(start, holder), 1)
    }
    // Low pages were touched before. If they are all in use, half of the memory is.
    if (start === undefined || start + count > this.pages / 2) Atomics.add(this.#words, WANTED, 1)
    Atomics.store(this.#words, LATCH, 0)
    return start
  }

  /** One hold more. The caller sees to it that somebody holds the segment meanwhile. */
  hold(segment: number, column: number): void {
    Atomics.add(this.#words, this.#cell(segment, column), 1)
    Atomics.add(this.#words, this.#cell(segment, -1), 1)
  }

  drop(segment: number, column: number): void {
    Atomics.sub(this.#words, this.#cell(segment, column), 1)
  }

  /** Changes whenever memory has run short. */
  get wanted(): number {
    return this.#get(WANTED)
  }

  /** Pages up to the last that a segment ever had. */
  touched(): number {
    let touched = 0
    for (let page = 0; page < this.pages; page++) if (this.length(page) > 0) touched = page + this.length(page)
    return touched
  }

  /** Pages of segments that somebody holds. */
  held(): number {
    let held = 0
    for (let page = 0; page < this.pages; page++) {
      const length = this.length(page)
      if (length > 0 && !this.#isFree(page)) held += length
    }
    return held
  }

  #free(count: number): number | undefined {
    let start = 0
    for (let page = 0; page < this.pages; ) {
      const length = this.length(page)
      if (length === 0) page++
      else {
        page += length
        if (!this.#isFree(page - length)) start = page
      }
      if (page - start >= count) return start
    }
    return undefined
  }

  /** A hold may go from a column that is still to be read to one that was: then there is a new version. */
  #isFree(segment: number): boolean {
    const version = this.#get(this.#cell(segment, -1))
    const high = this.#get(HIGH)
    for (let column = 0; column < high; column++) if (this.#get(this.#cell(segment, column)) !== 0) return false
    return this.#get(this.#cell(segment, -1)) === version
  }

  #latch(mark: number): boolean {
    for (let i = 0; i < patience; i++) if (Atomics.compareExchange(this.#words, LATCH, 0, mark) === 0) return true
    return false
  }

  /** Column −1 is the version. */
  #cell(segment: number, column: number): number {
    return this.#rows + segment * (this.columns + 1) + column + 1
  }

  #get(word: number): number {
    return Atomics.load(this.#words, word)
  }
}
