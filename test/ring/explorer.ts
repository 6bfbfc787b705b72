/**
 * Runs a few threads through every order of their steps, and through deaths between any two of them.
 *
 * What runs is the code that ships. It reaches memory through `Words`; here that is a memory which stops a thread before an
 * access. A thread cannot be frozen in mid-call, but it can be brought back there: a *unit* (one call, or some) is run again
 * from its beginning with the answers that it got before, up to the access whose turn it is.
 *
 *     unit      load  set set  load  swap …
 *               ├─ answers from the log ─┤└ this one is real; then the thread stops before the next
 *
 * A step is one ordered access, or a run of plain ones, together with the private accesses that follow: words that no other
 * thread touches, or that nobody writes, cannot tell one order from another. Which those are is learned, and when a
 * word turns out to be shared after all, everything begins again.
 *
 * A state is the memory, and for each thread its `local` (plain data between units) and the log of its unit. States are told
 * apart by 53 bits of hash. When all have been seen, the graph is searched backwards from the ends: a state from which no
 * end can be reached is a deadlock, a livelock or a lost wake-up.
 */
import type { Words } from '../../src/ring/words.ts'

export interface Thread<Local> {
  readonly start: Local
  /** Runs to its end, and gives what is to be known in the next unit; `undefined`: the thread is done. */
  unit(local: Local): Local | undefined
  /** May die at any step: then `settle` (of the scenario) runs, and it starts anew. */
  readonly isMortal?: boolean
}

export interface Scenario<Local = unknown> {
  readonly threads: readonly Thread<Local>[]
  /** Called before the first step, with the memory as the scenario made it. */
  readonly memory: Memory
  /** What the supervisor does after the exit of a thread; `local` is kept from one to the next. */
  settle?(thread: number, local: unknown): unknown
  /** Throws unless this is how it may end. */
  check?(locals: readonly Local[], supervisor: unknown): void
  readonly deaths?: number
  /** How often a thread may be settled that lives: only when wandering. */
  readonly suspicions?: number
}

interface Live {
  readonly local: unknown
  readonly log: Log
  /** The word it waits on; −1: none. */
  readonly waits: number
  readonly life: 'lives' | 'dead' | 'done'
}

/** Answers of single accesses, and, once a call has come to its end, what the whole call gave. */
interface Gave {
  readonly of: unknown
  /** The counter whose value it is; −1: none. */
  readonly counter: number
  /** Tells calls of one method from those of another. */
  readonly id: number
  readonly gave: unknown
}
type Log = readonly (number | Gave)[]

const stopped = Symbol('stopped')
const restarted = Symbol('restarted')
const most = { ops: 2_000 }
const originals = new WeakSet<object>()
let methods = 0
/** The memory whose thread goes its step just now. */
let stepping: Memory | undefined

/** Memory that the explorer steps through. Every `words` is a part of one array. */
export class Memory {
  cells = new Int32Array(0)
  hash = 0
  low = 0
  #log: (number | Gave)[] = []
  #at = 0
  #thread = -1
  #undo: number[] | undefined
  #hasStepped = false
  #last = ''
  /** Words that only count, and are only compared for being the same: where nobody remembers a value, it begins anew. */
  counters: number[] = []
  waits = -1
  notified: number[] = []
  /** Threads that read and that write a word, as bits. */
  readers = new Int32Array(0)
  writers = new Int32Array(0)
  hasLearned = false
  /** Where to note what is done, to show a way. */
  trace: string[] | undefined
  name: ((cell: number) => string) | undefined

  words(length: number): Words & { readonly base: number } {
    const base = this.cells.length
    const cells = new Int32Array(base + length)
    cells.set(this.cells)
    this.cells = cells
    const access = (kind: string, at: number, act: (cell: number) => number) => this.#access(kind, base + at, act)
    return {
      base,
      get: at => access('get', at, cell => this.cells[cell]!),
      set: (at, value) => void access('set', at, cell => this.#write(cell, value | 0)),
      load: at => access('load', at, cell => this.cells[cell]!),
      store: (at, value) => void access('store', at, cell => this.#write(cell, value | 0)),
      swap: (at, from, to) =>
        access('swap', at, cell => {
          if (this.cells[cell] !== (from | 0)) return 0
          this.#write(cell, to | 0)
          return 1
        }) === 1,
      wait: (at, value) => {
        const waits = access('wait', at, cell => {
          if (this.cells[cell] !== value) return 0
          this.waits = cell
          return 1
        })
        // Woken, it looks again from the beginning of its unit.
        throw waits === 1 && this.waits >= 0 ? stopped : restarted
      },
      notify: at => void access('notify', at, cell => this.notified.push(cell)),
    }
  }

  /**
   * Makes calls of these methods count as what they give, once they have come to their end: objects that keep nothing have
   * nothing else to remember of a call. Without it, states would differ in what was read long ago and does not matter any more.
   */
  summarize(prototype: object, names: readonly string[]): void {
    for (const name of names) {
      const method = (prototype as Record<string, (...args: unknown[]) => unknown>)[name]!
      if (originals.has(method)) continue
      const id = ++methods
      const summarized = function (this: unknown, ...args: unknown[]) {
        const memory = stepping
        if (!memory) return method.apply(this, args)
        const log = memory.#log
        const from = memory.#at
        const known = log[from]
        if (typeof known === 'object' && known.of === method) {
          memory.#at++
          return known.gave
        }
        const gave = method.apply(this, args)
        const counter = log.slice(from).find(entry => typeof entry === 'object' && entry.counter >= 0) as
          | Gave
          | undefined
        log.length = from
        log.push({ of: method, id, counter: name === 'listen' ? (counter?.counter ?? -1) : -1, gave })
        memory.#at = from + 1
        return gave
      }
      originals.add(summarized)
      Object.defineProperty(prototype, name, { value: summarized, configurable: true, writable: true })
    }
  }

  /** Begins to learn anew who touches what, with what is known. */
  ready(): void {
    if (this.readers.length !== this.cells.length) {
      this.readers = new Int32Array(this.cells.length)
      this.writers = new Int32Array(this.cells.length)
    }
    this.hash = 0
    this.low = 0
    for (let cell = 0; cell < this.cells.length; cell++) this.#mix(cell, this.cells[cell]!)
  }

  /** Lets `thread` go one step in a unit; changes are noted in `undo`. */
  step(
    thread: number,
    log: (number | Gave)[],
    undo: number[],
    unit: () => unknown,
  ): { end: unknown } | typeof stopped | typeof restarted {
    this.#thread = thread
    stepping = this
    this.#log = log
    this.#at = 0
    this.#undo = undo
    this.#hasStepped = false
    this.#last = ''
    this.waits = -1
    this.notified = []
    try {
      return { end: unit() }
    } catch (error) {
      if (error === stopped || error === restarted) return error as typeof stopped
      throw error
    } finally {
      this.#thread = -1
      this.#undo = undefined
      stepping = undefined
    }
  }

  /** Brings counters back to 0 or 1 that no log has a value of, and nobody waits on. */
  forget(lives: readonly { readonly log: Log; readonly waits: number }[], undo: number[]): void {
    for (const cell of this.counters) {
      const value = this.cells[cell]!
      if (value === (value & 1)) continue
      const isKnown = lives.some(
        ({ log, waits }) => waits === cell || log.some(entry => typeof entry === 'object' && entry.counter === cell),
      )
      if (isKnown) continue
      undo.push(cell, value)
      this.#mix(cell, value)
      this.cells[cell] = value & 1
      this.#mix(cell, value & 1)
    }
  }

  undo(changes: readonly number[]): void {
    for (let i = changes.length - 2; i >= 0; i -= 2) {
      const cell = changes[i]!
      this.#mix(cell, this.cells[cell]!)
      this.cells[cell] = changes[i + 1]!
      this.#mix(cell, this.cells[cell]!)
    }
  }

  isShared(cell: number): boolean {
    const all = this.readers[cell]! | this.writers[cell]!
    return this.writers[cell] !== 0 && (all & (all - 1)) !== 0
  }

  #access(kind: string, cell: number, act: (cell: number) => number): number {
    if (this.#thread < 0) return act(cell) // setting up, or checking
    if (this.#at < this.#log.length) {
      const known = this.#log[this.#at++]!
      return typeof known === 'number' ? known : (known.gave as number)
    }
    if (cell < 0 || cell >= this.cells.length) return 0 // who has no claim yet may read anywhere
    const bit = 1 << this.#thread
    const was = this.isShared(cell)
    if (kind !== 'set' && kind !== 'store') this.readers[cell]! |= bit
    if (kind === 'set' || kind === 'store' || kind === 'swap') this.writers[cell]! |= bit
    if (this.isShared(cell)) {
      if (!was) this.hasLearned = true
      const isPlain = kind === 'set' || kind === 'get'
      if (this.#hasStepped && !(isPlain && kind === this.#last)) throw stopped
      this.#hasStepped = true
      this.#last = kind
    }
    const answer = act(cell)
    this.trace?.push(`${kind} ${this.name?.(cell) ?? cell}=${answer}`)
    this.#log.push(this.counters.includes(cell) ? { of: undefined, id: 0, counter: cell, gave: answer } : answer)
    this.#at++
    if (this.#log.length > most.ops) throw new Error('a unit does not end')
    return answer
  }

  #write(cell: number, value: number): number {
    if (this.#undo) this.#undo.push(cell, this.cells[cell]!)
    if (this.#thread >= 0) this.#mix(cell, this.cells[cell]!)
    this.cells[cell] = value
    if (this.#thread >= 0) this.#mix(cell, value)
    return 0
  }

  #mix(cell: number, value: number): void {
    if (value === 0) return
    this.hash ^= mixed(cell * 0x9e3779b1 + value, 0x85ebca6b)
    this.low ^= mixed(cell * 0xc2b2ae35 + Math.imul(value, 0x27d4eb2f), 0x165667b1)
  }
}

function mixed(value: number, by: number): number {
  let x = Math.imul(value | 0, by)
  x ^= x >>> 15
  x = Math.imul(x, 0x2c1b3c6d)
  x ^= x >>> 12
  x = Math.imul(x, 0x297a2d39)
  return x ^ (x >>> 15)
}

export class Violation extends Error {
  override readonly name = 'Violation'
}

export interface Explored {
  readonly states: number
  readonly steps: number
  readonly ends: number
}

/** Every order of steps. Throws a `Violation` with the way that leads to it. `make` is called again when it begins again. */
export function explore(make: () => Scenario<any>, limits: { states?: number } = {}): Explored {
  let known: Memory | undefined
  for (;;) {
    const scenario = make()
    const { memory } = scenario
    if (known) {
      memory.readers = known.readers
      memory.writers = known.writers
    }
    memory.ready()
    memory.hasLearned = false
    const explored = search(scenario, limits.states ?? 2_000_000, known === undefined)
    if (explored) return explored
    known = memory
  }
}

interface Node {
  readonly lives: readonly Live[]
  readonly deaths: number
  readonly id: number
  readonly undo: readonly number[]
  readonly label: string
  next: number
}

/** Undefined: a word was found to be shared that was not thought to be. */
function search(scenario: Scenario<any>, mostStates: number, isLearning: boolean): Explored | undefined {
  const { memory, threads } = scenario
  const supervisor = threads.length
  const ids = new Map<number, number>()
  const from: number[] = []
  const to: number[] = []
  const ends: number[] = []
  /** How each state was reached first: from which, and by whose step; a death is below zero. */
  const parents: number[] = [-1]
  const steps: number[] = [0]
  const start: Live[] = threads.map(({ start }) => ({ local: start, log: [], waits: -1, life: 'lives' }))
  start.push({ local: { victim: -1, isAlive: false, known: undefined }, log: [], waits: -1, life: 'lives' })

  const key = (lives: readonly Live[], deaths: number): number => {
    let high = memory.hash
    let low = memory.low
    const add = (value: number) => {
      high = mixed(high ^ value, 0x85ebca6b) + value
      low = mixed(low + Math.imul(value, 0x9e3779b1), 0x165667b1)
    }
    for (const { local, log, waits, life } of lives) {
      const text = local === undefined ? '' : JSON.stringify(local)
      for (let i = 0; i < text.length; i++) add(text.charCodeAt(i))
      add(-7)
      for (const value of log) {
        if (typeof value === 'number') add(value)
        else {
          add(0x5eed + value.id)
          add(Number(value.gave ?? -1))
        }
      }
      add(waits)
      add(life === 'lives' ? 0 : life === 'dead' ? 1 : 2)
    }
    add(deaths)
    return (high >>> 0) * 2 ** 21 + ((low >>> 0) >>> 11)
  }
  const way = (path: readonly Node[], why: string) =>
    new Violation(
      `${why}\n  after ${path
        .map(({ label }) => label)
        .join(' ')
        .slice(-600)}`,
    )

  const root: Node = { lives: start, deaths: 0, id: 0, undo: [], label: '', next: 0 }
  ids.set(key(start, 0), 0)
  const path: Node[] = [root]
  const learned = () => {
    while (path.length > 0) memory.undo(path.pop()!.undo)
    return undefined
  }

  while (path.length > 0) {
    const node = path[path.length - 1]!
    const choice = node.next++
    // Steps of each thread, the supervisor's included; then deaths.
    if (choice > 2 * supervisor) {
      if (isEnd(node.lives)) {
        ends.push(node.id)
        try {
          check(scenario, node.lives)
        } catch (error) {
          throw way(path, (error as Error).message)
        }
      }
      memory.undo(node.undo)
      path.pop()
      continue
    }
    const kills = choice > supervisor
    const thread = kills ? choice - supervisor - 1 : choice
    const live = node.lives[thread]!
    let { deaths } = node
    const undo: number[] = []
    let lives: Live[]
    if (kills) {
      if (!threads[thread]!.isMortal || live.life !== 'lives' || deaths >= (scenario.deaths ?? 0)) continue
      if (live.log.length === 0 && live.local === threads[thread]!.start) continue // it holds nothing
      if (node.lives.some(({ life }) => life === 'dead')) continue // one after the other
      deaths++
      lives = [...node.lives]
      lives[thread] = { ...live, life: 'dead', log: [], waits: -1 }
      lives[supervisor] = {
        local: { ...(node.lives[supervisor]!.local as object), victim: thread },
        log: [],
        waits: -1,
        life: 'lives',
      }
    } else {
      if (live.life !== 'lives' || live.waits >= 0) continue
      const state = live.local as { victim: number; known: unknown }
      if (thread === supervisor && state.victim < 0) continue
      lives = [...node.lives]
      try {
        advance(scenario, lives, thread, undo)
      } catch (error) {
        throw way(path, `${(error as Error).message} (thread ${thread})`)
      }
      if (memory.hasLearned && !isLearning) {
        memory.undo(undo)
        return learned()
      }
    }
    memory.forget(lives, undo)
    const known = key(lives, deaths)
    let id = ids.get(known)
    const isNew = id === undefined
    if (id === undefined) {
      id = ids.size
      ids.set(known, id)
      if (id >= mostStates) throw new Error(`more than ${mostStates} states`)
    }
    from.push(node.id)
    to.push(id)
    if (!isNew) {
      memory.undo(undo)
      continue
    }
    parents.push(node.id)
    steps.push(kills ? ~thread : thread)
    path.push({ lives, deaths, id, undo, label: kills ? `†${thread}` : String(thread), next: 0 })
    if (isLearning && path.length > 5_000) return learned()
    if (isLearning && ids.size > 20_000) return learned()
  }
  if (isLearning && memory.hasLearned) return undefined
  const stuck = neverEnding(ids.size, from, to, ends)
  if (stuck.length > 0) {
    const way: string[] = []
    for (let id = stuck[0]!; id > 0; id = parents[id]!) way.push(steps[id]! < 0 ? `†${~steps[id]!}` : `${steps[id]}`)
    const why = `from ${stuck.length} of ${ids.size} states no end can be reached`
    throw new Violation(`${why}\n  after ${way.reverse().join(' ')}`)
  }
  return { states: ids.size, steps: from.length, ends: ends.length }
}

/** What the scenario does with the memory, to look at it, is undone. */
function check(scenario: Scenario<any>, lives: readonly Live[]): void {
  const { memory } = scenario
  const cells = memory.cells.slice()
  const locals = lives.map(({ local }) => local)
  scenario.check?.(locals.slice(0, -1), (locals.at(-1) as { known: unknown }).known)
  memory.cells.set(cells)
}

/**
 * Random orders of steps, for what is too large to see all of it. A thread mostly goes on; where it stops, and who dies when,
 * is drawn. Throws a `Violation` as `explore` does, also when nobody can go on.
 */
export function wander(make: () => Scenario<any>, { walks, seed }: { walks: number; seed: number }): number {
  let known: Memory | undefined
  let state = seed
  const random = (below: number) => {
    state = (state + 0x6d2b79f5) | 0
    return (mixed(state, 0x85ebca6b) >>> 0) % below
  }
  let steps = 0
  for (let walk = 0; walk < walks; walk++) {
    const scenario = make()
    const { memory, threads } = scenario
    if (known) {
      memory.readers = known.readers
      memory.writers = known.writers
    }
    memory.ready()
    known = memory
    const supervisor = threads.length
    const lives: Live[] = threads.map(({ start }) => ({ local: start, log: [], waits: -1, life: 'lives' }))
    lives.push({ local: { victim: -1, isAlive: false, known: undefined }, log: [], waits: -1, life: 'lives' })
    const way: string[] = []
    const violation = (why: string) => new Violation(`${why}\n  in walk ${walk} after ${way.join(' ').slice(-600)}`)
    const boldness = 2 + random(60)
    let deaths = 0
    let suspicions = 0
    // One thread sleeps for a while in mid-step: for many laps, if the ring is small.
    let sleeper = random(supervisor)
    const sleepsFrom = random(300)
    const sleepsTo = sleepsFrom + random(400)
    let thread = 0
    while (!isEnd(lives)) {
      const victim = () => (lives[supervisor]!.local as { victim: number }).victim
      const can = lives.flatMap(({ life, waits }, i) =>
        life === 'lives' && waits < 0 && (i < supervisor || victim() >= 0) ? [i] : [],
      )
      if (can.length === 0) throw violation('nobody can go on')
      if (way.length > 20_000) throw violation('it does not end')
      if (way.length > sleepsTo) sleeper = -1
      if (way.length >= sleepsFrom && can.length > 1 && can.includes(sleeper)) can.splice(can.indexOf(sleeper), 1)
      if (!can.includes(thread) || random(boldness) === 0) thread = can[random(can.length)]!
      const mortals = threads.flatMap(({ isMortal }, i) => (isMortal && lives[i]!.life === 'lives' ? [i] : []))
      if (deaths < (scenario.deaths ?? 0) && mortals.length > 0 && victim() < 0 && random(40) === 0) {
        const dead = mortals[random(mortals.length)]!
        deaths++
        way.push(`†${dead}`)
        lives[dead] = { ...lives[dead]!, life: 'dead', log: [], waits: -1 }
        lives[supervisor] = { ...lives[supervisor]!, local: { ...(lives[supervisor]!.local as object), victim: dead } }
        continue
      }
      if (suspicions < (scenario.suspicions ?? 0) && mortals.length > 0 && victim() < 0 && random(40) === 0) {
        suspicions++
        const suspect = mortals[random(mortals.length)]!
        way.push(`?${suspect}`)
        const local = { ...(lives[supervisor]!.local as object), victim: suspect, isAlive: true }
        lives[supervisor] = { ...lives[supervisor]!, local }
        continue
      }
      way.push(String(thread))
      steps++
      try {
        advance(scenario, lives, thread, [])
      } catch (error) {
        throw violation(`${(error as Error).message} (thread ${thread})`)
      }
    }
    try {
      check(scenario, lives)
    } catch (error) {
      throw violation((error as Error).message)
    }
  }
  return steps
}

/** One step of a thread, in `lives` too. */
function advance(scenario: Scenario<any>, lives: Live[], thread: number, undo: number[]): void {
  const { memory, threads } = scenario
  const supervisor = threads.length
  const live = lives[thread]!
  const state = live.local as { victim: number; isAlive: boolean; known: unknown }
  const log = [...live.log]
  const ended = memory.step(thread, log, undo, () =>
    thread === supervisor ? scenario.settle!(state.victim, state.known) : threads[thread]!.unit(live.local),
  )
  if (typeof ended === 'symbol') {
    lives[thread] = { ...live, log: ended === restarted ? [] : log, waits: memory.waits }
  } else if (thread === supervisor) {
    lives[thread] = { local: { victim: -1, isAlive: false, known: ended.end }, log: [], waits: -1, life: 'lives' }
    if (!state.isAlive) lives[state.victim] = { local: threads[state.victim]!.start, log: [], waits: -1, life: 'lives' }
  } else {
    lives[thread] = {
      local: ended.end ?? live.local,
      log: [],
      waits: -1,
      life: ended.end === undefined ? 'done' : 'lives',
    }
  }
  for (const cell of memory.notified) {
    for (let other = 0; other < lives.length; other++) {
      if (lives[other]!.waits === cell) lives[other] = { ...lives[other]!, waits: -1, log: [] }
    }
  }
}

function isEnd(lives: readonly Live[]): boolean {
  return lives.slice(0, -1).every(({ life }) => life === 'done')
}

/** States from which no end can be reached: those first from which nothing can. */
function neverEnding(
  states: number,
  from: readonly number[],
  to: readonly number[],
  ends: readonly number[],
): number[] {
  const first = new Int32Array(states).fill(-1)
  const next = new Int32Array(from.length)
  const leaves = new Uint8Array(states)
  for (let edge = 0; edge < from.length; edge++) {
    next[edge] = first[to[edge]!]!
    first[to[edge]!] = edge
    if (from[edge] !== to[edge]) leaves[from[edge]!] = 1
  }
  const reaches = new Uint8Array(states)
  const open = [...ends]
  for (const end of ends) reaches[end] = 1
  while (open.length > 0) {
    for (let edge = first[open.pop()!]!; edge >= 0; edge = next[edge]!) {
      const state = from[edge]!
      if (reaches[state]) continue
      reaches[state] = 1
      open.push(state)
    }
  }
  const stuck = Array.from(reaches.keys()).filter(state => reaches[state] === 0)
  return stuck.sort((a, b) => leaves[a]! - leaves[b]!)
}
