/** A function that makes the source, asked when the run begins. */
import { InvalidSource } from '../../errors.ts'
import type { SourceContext } from '../language.ts'
import { claim, kindOf } from './kind.ts'
import type { Inlet, Source } from './source.ts'

export class DeferredSource implements Source {
  readonly #make: (context: SourceContext) => unknown
  readonly #connect: (value: unknown, inlet: Inlet) => Source
  readonly #inlet: Inlet
  #source: Source | undefined
  #isOver = false

  constructor(
    make: (context: SourceContext) => unknown,
    connect: (value: unknown, inlet: Inlet) => Source,
    inlet: Inlet,
  ) {
    this.#make = make
    this.#connect = connect
    this.#inlet = inlet
  }

  get received(): number {
    return this.#source?.received ?? 0
  }

  start(): void {
    if (this.#isOver) return
    try {
      this.#source = this.#made()
    } catch (error) {
      this.#isOver = true
      return this.#inlet.host.sourceFailed(error, 0)
    }
    if (this.#isOver) this.#source.end()
    else this.#source.start()
  }

  #made(): Source {
    const { pipeline, clock } = this.#inlet.host
    const make = this.#make
    const made = make({ clock })
    const kind = kindOf(made)
    if (kind === undefined || kind === 'function') {
      throw new InvalidSource(pipeline, 'is a function, which must give something to iterate over', made)
    }
    claim(made, pipeline)
    return this.#connect(made, this.#inlet)
  }

  end(): void {
    this.#isOver = true
    if (this.#source) this.#source.end()
    else this.#inlet.channel.end('done')
  }

  kill(): void {
    this.#isOver = true
    this.#source?.kill()
  }

  resume(): void {
    this.#source?.resume()
  }
}
