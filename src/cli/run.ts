/**
 * `millrace run FILE`: runs a pipeline to its end, and prints each result as a line of JSON, or the report of its module.
 *
 * A reader that is slow slows the pipeline, one that goes away ends it. The first SIGINT or SIGTERM asks it to stop: it
 * finishes what it has in hand, for as long as its grace period lasts; the second gives that up, the third kills.
 */
import { performance } from 'node:perf_hooks'
import type { DeadLetter, Running, Summary } from '../pipeline/language.ts'
import { sendOutputToStderr } from '../runtime/remote/output.ts'
import { isMistake, lineOf, mistakesOf } from './check.ts'
import type { Command } from './flags.ts'
import { type Interruption, Interruptions } from './interruptions.ts'
import { jsonOf } from './json.ts'
import { LiveDisplay } from './live.ts'
import { type Loaded, load } from './load.ts'
import type { Output } from './output.ts'
import { codeOf, ReaderGone, refused, told } from './refused.ts'
import { counted, summaryLine, summaryOf } from './summary.ts'
import { visible } from './visible.ts'

const echoMs = 50
const toldLetters = 1_000 // a flood of them helps nobody

export async function run(command: Command, output: Output): Promise<number> {
  const loaded = await load(command, output)
  const found = (await mistakesOf(loaded)).filter(({ level }) => level !== 'note')
  for (const mistake of found) output.say(lineOf(mistake, command.flags.has('json')))
  if (found.some(isMistake)) return 2
  // Of what reads stdout it has to be JSON, every line: handlers elsewhere may say there what they like.
  if (command.flags.has('json')) sendOutputToStderr()
  const { pipeline, blueprint } = loaded
  if (!blueprint.source) throw refused('NO_SOURCE', { pipeline: pipeline.name })
  return new Execution(loaded, command, output).end()
}

class StoppedBySignal extends Error {}

class Execution {
  readonly #loaded: Loaded
  readonly #output: Output
  readonly #isJson: boolean
  readonly #isQuiet: boolean
  readonly #debug: boolean
  readonly #abort = new AbortController()
  readonly #interruptions = new Interruptions(process.env.npm_lifecycle_event === undefined ? 0 : echoMs)
  readonly #running: Running<unknown, unknown>
  readonly #live: LiveDisplay | undefined
  readonly #startedAt = performance.now()
  /** Results when the first signal came. */
  #before = 0
  /** Items in channels when the second one came. */
  #waiting = 0
  #letters = 0

  constructor(loaded: Loaded, { flags }: Command, output: Output) {
    this.#loaded = loaded
    this.#output = output
    this.#isJson = flags.has('json')
    this.#isQuiet = flags.has('quiet')
    this.#debug = flags.has('debug')
    this.#running = loaded.pipeline.run({ signal: this.#abort.signal })
    this.#running.deadLetters.subscribe(letter => this.#gaveUp(letter))
    const isShown = !this.#isJson && !this.#isQuiet && output.terminal !== undefined
    if (isShown) this.#live = new LiveDisplay(this.#running, output, loaded.blueprint.source!.value)
    output.lastWords = { text: `${this.#name} cannot end: it waits for something that never comes`, code: 1 }
  }

  get #name(): string {
    return visible(this.#loaded.pipeline.name)
  }

  /** Resolves with the exit code, when all is over. */
  async end(): Promise<number> {
    const hear = (signal: NodeJS.Signals) => this.#interrupted(signal as 'SIGINT' | 'SIGTERM')
    process.on('SIGINT', hear).on('SIGTERM', hear)
    try {
      const stopped = new Promise<void>(resolve => {
        this.#abort.signal.addEventListener('abort', () => resolve(this.#running.done.then(none, none)))
      })
      // A reader that takes nothing must not keep from ending what is told to stop.
      await Promise.race([this.#print(), stopped])
      return this.#conclude(await this.#running.done)
    } catch (error) {
      return this.#fail(error)
    } finally {
      process.off('SIGINT', hear).off('SIGTERM', hear)
    }
  }

  /* ── results ───────────────────────────────────────────────────────────── */

  async #print(): Promise<void> {
    const results = this.#running[Symbol.asyncIterator]()
    const leave = () => results.return!()
    this.#output.onBroken = leave
    try {
      await (this.#loaded.report && !this.#isJson ? this.#printReport(results) : this.#printJson(results))
      await this.#output.flush()
    } catch (error) {
      await Promise.all([leave(), this.#output.flush().catch(none)])
      throw error
    }
  }

  /** By hand, since a million results are worth the two turns that each loop or generator in between would take. */
  async #printJson(results: AsyncIterator<unknown>): Promise<void> {
    for (let index = 0; ; index++) {
      const { done, value } = await results.next()
      if (done) return
      const full = this.#output.print(jsonOf(value, index))
      if (full) await full
    }
  }

  async #printReport(results: AsyncIterator<unknown>): Promise<void> {
    for await (const line of this.#loaded.report!({ [Symbol.asyncIterator]: () => results }, this.#running)) {
      const full = this.#output.print(line)
      if (full) await full
    }
  }

  #gaveUp(letter: DeadLetter): void {
    if (++this.#letters > toldLetters) {
      if (this.#letters === toldLetters + 1) this.#say('note', 'more are given up: from here on they are only counted')
      return
    }
    const { stage, sequence, error } = letter
    if (this.#isJson) {
      this.#output.say(JSON.stringify({ type: 'deadLetter', stage, sequence, error: told(error, this.#debug) }))
      return
    }
    const { deadLetter } = this.#loaded
    const line = deadLetter
      ? deadLetter(letter)
      : `${this.#name}/${visible(stage)} gave up item ${sequence}: ${told(error, this.#debug)}`
    if (line !== undefined) this.#output.say(line)
  }

  /* ── signals ───────────────────────────────────────────────────────────── */

  #interrupted(signal: 'SIGINT' | 'SIGTERM'): void {
    const asked = this.#interruptions.next(signal, performance.now())
    if (asked === 'drain') this.#drain(signal)
    else if (asked === 'stop') this.#stop(signal)
    else if (asked === 'kill') this.#kill(signal)
  }

  #drain(signal: string): void {
    this.#before = this.#running.snapshot().stages.at(-1)!.emitted
    this.#step(
      'drain',
      signal,
      `${signal}: takes no more input and finishes what is in hand; a second one stops, a third one kills`,
    )
    this.#running.stop().catch(none)
  }

  #stop(signal: string): void {
    this.#waiting = this.#running.snapshot().stages.reduce((sum, { queued }) => sum + queued, 0)
    this.#step('stop', signal, `${signal}: stops, and gives up what is in hand; one more kills`)
    this.#abort.abort(new StoppedBySignal())
  }

  #kill(signal: string): void {
    this.#step('kill', signal, `${signal}: killed`)
    this.#live?.end()
    process.exit(this.#leaving(this.#interruptions.exitCode))
  }

  #step(step: Interruption, signal: string, text: string): void {
    if (this.#isJson) this.#output.say(JSON.stringify({ type: step, signal }))
    else {
      this.#output.say(text)
      if (step !== 'kill') this.#live?.note(step === 'drain' ? 'draining …' : 'stopping …')
    }
  }

  /* ── the end ───────────────────────────────────────────────────────────── */

  #conclude(summary: Summary): number {
    const { first, exitCode } = this.#interruptions
    const { unfinished, emitted } = summary
    this.#summarise(summaryLine(this.#name, summary), { ...summary })
    if (this.#abort.signal.aborted) {
      if (!this.#isQuiet && !this.#isJson) this.#output.say(`stopped after ${first}: gave up what was being printed`)
    } else if (first && !this.#isQuiet && !this.#isJson) {
      const rest = unfinished > 0 ? `${counted(unfinished, 'item')} left unfinished` : 'nothing left unfinished'
      this.#output.say(
        `drained after ${first}: ${counted(Math.max(0, emitted - this.#before), 'more result')}, ${rest}`,
      )
    } else if (this.#isQuiet && (unfinished > 0 || summary.dropped > 0))
      this.#output.say(summaryLine(this.#name, summary))
    return this.#leaving(unfinished > 0 ? 1 : first ? exitCode : 0)
  }

  #fail(error: unknown): number {
    const snapshot = this.#running.snapshot()
    const summary = summaryOf(snapshot, performance.now() - this.#startedAt)
    if (error instanceof ReaderGone) {
      this.#live?.end()
      return this.#leaving(this.#interruptions.first ? this.#interruptions.exitCode : 0)
    }
    const isStop = this.#abort.signal.aborted
    if (!(error instanceof StoppedBySignal)) this.#say('error', told(error, this.#debug), codeOf(error))
    this.#summarise(summaryLine(this.#name, { ...summary, unfinished: 0 }), { ...summary, failed: !isStop })
    if (isStop && !this.#isQuiet && !this.#isJson) {
      this.#output.say(
        `stopped after ${this.#interruptions.first}: gave up what was in hand, and ${counted(this.#waiting, 'item')} that waited`,
      )
    }
    return this.#leaving(isStop ? this.#interruptions.exitCode : 1)
  }

  #summarise(line: string, data: Readonly<Record<string, unknown>>): void {
    const table = this.#live?.end() ?? []
    if (this.#isQuiet) return
    if (this.#isJson)
      this.#output.say(JSON.stringify({ type: 'summary', pipeline: this.#loaded.pipeline.name, ...data }))
    else for (const text of [...table.slice(1), line]) this.#output.say(text)
  }

  #say(type: string, message: string, code?: unknown): void {
    this.#output.say(this.#isJson ? JSON.stringify({ type, code, message }) : message)
  }

  #leaving(code: number): number {
    this.#output.lastWords = undefined
    return code
  }
}

function none(): void {}
