/** The display of a run, kept up to date a few times a second: on a terminal that can show it, else nothing. */
import { performance } from 'node:perf_hooks'
import type { Live } from '../pipeline/language.ts'
import { display, type Shape } from './display.ts'
import type { Output } from './output.ts'
import { progressOf, type Reached } from './progress.ts'

const everyMs = 200
const windowMs = 5_000 // what "now" means of a rate

export class LiveDisplay {
  readonly #run: Live
  readonly #output: Output
  readonly #source: unknown
  readonly #startedAt = performance.now()
  #moments: readonly Reached[]
  #note: string | undefined
  readonly #timer: NodeJS.Timeout
  readonly #redraw = () => this.#draw()
  readonly #resume = () => this.#output.resumed()

  /** Precondition: the output has a terminal. */
  constructor(run: Live, output: Output, source: unknown) {
    this.#run = run
    this.#output = output
    this.#source = source
    this.#moments = [{ ...this.#now(), elapsed: 0 }]
    this.#timer = setInterval(this.#redraw, everyMs).unref()
    output.terminal!.on('resize', this.#redraw)
    process.on('SIGCONT', this.#resume)
  }

  /** A line below the stages. */
  note(text: string): void {
    this.#note = text
    this.#draw()
  }

  /** Takes it away, and says what there is to say of the run as a whole. */
  end(): string[] {
    clearInterval(this.#timer)
    this.#output.terminal?.off('resize', this.#redraw)
    process.off('SIGCONT', this.#resume)
    this.#output.hide()
    const last = this.#now()
    const nothing = last.snapshot.stages.map(stage => ({ ...stage, received: 0, occupancy: 0 }))
    const first = { elapsed: 0, snapshot: { ...last.snapshot, stages: nothing } }
    return display({ moments: [first, { ...last, source: undefined }] }, { ...this.#shape(), rows: Infinity })
  }

  #draw(): void {
    const now = this.#now()
    const recent = this.#moments.filter(({ elapsed }) => elapsed >= now.elapsed - windowMs)
    this.#moments = [...recent, now]
    const view = { moments: this.#moments, isEnding: this.#note !== undefined, note: this.#note }
    this.#output.show(display(view, this.#shape()))
  }

  #now(): Reached {
    const snapshot = this.#run.snapshot()
    return { elapsed: performance.now() - this.#startedAt, snapshot, source: progressOf(this.#source, snapshot) }
  }

  #shape(): Shape {
    const terminal = this.#output.terminal!
    return {
      columns: terminal.columns || 80,
      rows: terminal.rows || 24,
      hasColours: !process.env.NO_COLOR && terminal.hasColors(),
      isUnicode: isUnicode(),
    }
  }
}

function isUnicode(): boolean {
  const { LC_ALL, LC_CTYPE, LANG, TERM, WT_SESSION } = process.env
  if (process.platform === 'win32') return WT_SESSION !== undefined
  return TERM !== 'linux' && /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '')
}
