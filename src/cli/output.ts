/**
 * Results on stdout, everything else on stderr, and on a terminal a display that stays below both.
 *
 * Results are written in pieces of up to 64 kB, one at a time: `print` says when there is no room, so that a slow reader
 * slows the pipeline.
 */
import type { WriteStream } from 'node:tty'
import { ReaderGone, UnwritableOutput } from './refused.ts'
import { Screen } from './screen.ts'

const pieceLength = 64 * 1024
const settleMs = 50 // between writes that a display has to make way for

export class Output {
  /** Told once, when stdout cannot be written any more. */
  onBroken: () => void = () => {}
  /** What to say, and the exit code, should the process end because nothing is left in it that could go on. */
  lastWords: { readonly text: string; readonly code: number } | undefined
  readonly #out: NodeJS.WriteStream
  readonly #err: NodeJS.WriteStream
  readonly #screen = new Screen()
  /** What the display shows. */
  #frame: readonly string[] = []
  /** Lines for stdout that it was not given yet. */
  #text = ''
  #isDue = false
  #writing: Promise<void> | undefined
  #failure: Error | undefined

  constructor(out: NodeJS.WriteStream = process.stdout, err: NodeJS.WriteStream = process.stderr) {
    this.#out = out
    this.#err = err
    // What cannot be written is told to whoever writes it; of stderr there is nobody left to tell.
    out.on('error', () => {})
    err.on('error', () => {})
  }

  /** The terminal that a display can stand on, if there is one. */
  get terminal(): WriteStream | undefined {
    return this.#err.isTTY && process.env.TERM !== 'dumb' ? (this.#err as WriteStream) : undefined
  }

  /** A line for stdout; a promise if there is no room for another one yet. @throws what cannot be written */
  print(line: string): Promise<void> | undefined {
    if (this.#failure) throw this.#failure
    this.#text += `${line}\n`
    if (this.#text.length >= pieceLength) return this.flush()
    if (!this.#isDue) {
      this.#isDue = true
      const flush = () => this.flush().catch(() => {})
      if (this.#frame.length > 0) setTimeout(flush, settleMs)
      else setImmediate(flush)
    }
    return undefined
  }

  /** Resolves when all that was printed is out. */
  flush(): Promise<void> {
    this.#isDue = false
    if (this.#failure) return Promise.reject(this.#failure)
    return (this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined
    }))
  }

  async #write(): Promise<void> {
    while (this.#text !== '') {
      const text = this.#text
      this.#text = ''
      const isSeen = this.#out.isTTY && this.#frame.length > 0
      if (isSeen) this.#err.write(this.#screen.clear(this.#columns))
      const written = new Promise<void>((resolve, reject) => {
        this.#out.write(text, error => (error ? reject(error) : resolve()))
      })
      if (isSeen) this.#draw()
      try {
        await written
      } catch (error) {
        this.#failure =
          (error as NodeJS.ErrnoException).code === 'EPIPE'
            ? new ReaderGone()
            : new UnwritableOutput((error as Error).message)
        this.#text = ''
        this.onBroken()
        throw this.#failure
      }
    }
  }

  /** A line for stderr. */
  say(line: string): void {
    this.#err.write(`${this.#screen.clear(this.#columns)}${line}\n`)
    this.#draw()
  }

  /** Shows these lines until others come. */
  show(frame: readonly string[]): void {
    this.#frame = frame
    this.#draw()
  }

  /** Ends the display. */
  hide(): void {
    this.#frame = []
    const clear = this.#screen.clear(this.#columns)
    if (clear) this.#err.write(clear)
  }

  /** The terminal has been somebody else's: what stood there stays. */
  resumed(): void {
    this.#screen.leave()
    this.#draw()
  }

  /** Resolves when stderr has taken all that it was told, or cannot. */
  async end(): Promise<void> {
    this.hide()
    await new Promise(resolve => this.#err.write('', resolve))
  }

  #draw(): void {
    if (this.#frame.length > 0) this.#err.write(this.#screen.draw(this.#frame, this.#columns))
  }

  get #columns(): number {
    return this.#err.columns || 80
  }
}
